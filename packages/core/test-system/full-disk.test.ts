import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { copySealed, sealToFile } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../test/store/support/memory-store.js';
import { Script, Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { digestOf, writePlaintext } from './support/plaintext.js';

const MIB = 1_048_576;
/** On threads, and not: one must not fit into what the other leaves. */
const SIZES = { large: 10 * MIB, small: 3 * MIB };
const OPERATIONS = ['seal', 'open', 'openOver', 'reseal', 'grow'] as const;
const sizes = Object.keys(SIZES) as (keyof typeof SIZES)[];
const cases = OPERATIONS.flatMap((operation) => sizes.map((size) => [operation, size] as const));

interface Attempt {
  readonly ours?: boolean;
  readonly code: string;
  readonly message: string;
}

let place: Workplace;

beforeAll(async () => {
  place = new Workplace(100 * MIB);
  for (const size of sizes) {
    writePlaintext(place.at(`plain.${size}`), SIZES[size], 1);
    await sealToFile(place.at(`plain.${size}`), place.at(`sealed.${size}`), { keys: [fixedKey('a')] });
  }
}, 60_000);

afterAll(() => place[Symbol.dispose]());

/** Runs an operation whose output is in `directory`, and checks that it changed nothing there or at its source. */
async function attempt(
  directory: string,
  operation: (typeof OPERATIONS)[number],
  size: keyof typeof SIZES,
  options: ConstructorParameters<typeof Script>[2] = {},
): Promise<Attempt> {
  const input = place.at(`${operation === 'seal' ? 'plain' : 'sealed'}.${size}`);
  const inPlace = operation === 'reseal' || operation === 'grow';
  const output = `${directory}/output`;
  const source = digestOf(readFileSync(input));
  const names = readdirSync(directory);
  const old = names.includes('output') ? digestOf(readFileSync(output)) : undefined;
  await using script = new Script('attempt', { operation, input, output }, options);
  const result = await script.result<Attempt>();
  expect(readdirSync(directory)).toEqual(names);
  expect(digestOf(readFileSync(input))).toBe(source);
  if (old !== undefined) expect(digestOf(readFileSync(output))).toBe(old);
  if (inPlace) expect(names).toContain('output');
  return result;
}

function prepare(directory: string, operation: string, size: keyof typeof SIZES): void {
  if (operation === 'openOver') copyFileSync(place.at('plain.small'), `${directory}/output`);
  if (operation === 'reseal' || operation === 'grow')
    copyFileSync(place.at(`sealed.${size}`), `${directory}/output`);
}

function mounted(path: string, bytes: number): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a full disk', () => {
  test.for(cases)('%s (%s)', { timeout: 120_000 }, async ([operation, size], { skip }) => {
    const disk = place.at(`disk-${operation}-${size}`);
    const inPlace = operation === 'reseal' || operation === 'grow';
    const room = (inPlace ? SIZES[size] + MIB : 0) + (operation === 'openOver' ? SIZES.small : 0) + 2 * MIB;
    skip(!mounted(disk, room), 'nothing can be mounted here');
    try {
      prepare(disk, operation, size);
      const free = statfsSync(disk).bavail;
      const result = await attempt(disk, operation, size);
      expect(result).toMatchObject({ ours: true, code: 'NO_SPACE' });
      expect(result.message, 'it was the output that had no room').not.toMatch(/^Could not read/);
      expect(statfsSync(disk).bavail, 'no inode without a name holds space').toBe(free);
    } finally {
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true });
    }
  });
});

test('a copy that a full disk has ended goes on once there is room, also in the same process', async ({
  skip,
}) => {
  const disk = place.at('disk-copy');
  skip(!mounted(disk, 8 * MIB), 'nothing can be mounted here');
  try {
    const store = new MemoryStore();
    const bytes = readFileSync(place.at('sealed.large'));
    store.set('m', bytes);
    const from = { store, key: 'm', tuning: { requestBytes: MIB, concurrency: 1 } };
    const code = await copySealed(from, `${disk}/m`).catch((error: { code: string }) => error.code);
    expect(code).toBe('NO_SPACE');
    const left = readdirSync(disk);
    expect(left).toEqual([expect.stringMatching(/weightseal-part$/)]);
    execFileSync('mount', ['-o', `remount,size=${12 * MIB}`, disk]);
    store.requests.splice(0);
    await copySealed(from, `${disk}/m`);
    expect(readdirSync(disk)).toEqual(['m']);
    expect(digestOf(readFileSync(`${disk}/m`))).toBe(digestOf(bytes));
    expect(store.requests.length).toBeLessThan(10);
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
});

const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path));

describe.skipIf(!prlimit)('a limit on the size of files (RLIMIT_FSIZE)', () => {
  test.each(cases)('%s (%s)', { timeout: 120_000 }, async (operation, size) => {
    const directory = place.at(`limited-${operation}-${size}`);
    mkdirSync(directory);
    prepare(directory, operation, size);
    const command = [prlimit!, `--fsize=${2 * MIB}`];
    const result = await attempt(directory, operation, size, { command });
    expect(result).toMatchObject({ ours: true, code: 'NO_SPACE' });
  });
});

// Root may write where the mode says no, so there another user does it, where there is one to be had.
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const root = process.getuid?.() === 0;
const NOBODY = 65_534;

describe.skipIf(process.platform === 'win32' || (root && !setpriv))(
  'a directory that may not be written',
  () => {
    test.each(cases)('%s (%s)', { timeout: 120_000 }, async (operation, size) => {
      const directory = place.at(`closed-${operation}-${size}`);
      mkdirSync(directory);
      prepare(directory, operation, size);
      for (const path of [place.path, directory]) chmodSync(path, 0o755);
      if (!root) chmodSync(directory, 0o555);
      const command = [setpriv!, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
      try {
        const result = await attempt(directory, operation, size, root ? { command } : {});
        expect(result).toMatchObject({ ours: true, code: 'IO_ERROR' });
      } finally {
        chmodSync(directory, 0o755);
      }
    });
  },
);

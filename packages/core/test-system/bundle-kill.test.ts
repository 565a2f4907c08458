import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectBundle, openBundle, resealBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Script, Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { KILLS, moments } from './support/kills.js';
import { holdsPlaintext, writePlaintext } from './support/plaintext.js';

const MIB = 1_048_576;
const keys = [fixedKey('a')];
/** Longer than removing what a killed process had written takes. */
const CLEARED_MS = 10_000;
let place: Workplace;
let source: string;
let sound: string;

beforeAll(async () => {
  place = new Workplace(200 * MIB);
  process.env['XDG_STATE_HOME'] = place.at('state');
  source = place.at('source');
  mkdirSync(join(source, 'sub'), { recursive: true });
  writePlaintext(join(source, 'large'), 9 * MIB + 7, 1);
  writePlaintext(join(source, 'second'), 6 * MIB, 2);
  for (let index = 0; index < 40; index++)
    writePlaintext(join(source, 'sub', `small-${index}`), 4096 + index, index);
  sound = place.at('sound');
  await sealBundle(source, sound, { keys });
}, 60_000);

afterAll(() => place[Symbol.dispose]());

/** Every regular file below a directory. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name));
}

/** What lies beside the bundle, but for the mark of a directory in which nothing was made yet, or from which it got its name. */
function filesBeside(parent: string, bundle: string): string[] {
  return filesIn(parent).filter(
    (file) => !file.startsWith(`${bundle}/`) && !basename(file).startsWith('.weightseal'),
  );
}

function inodesOf(files: readonly string[]): Set<number> {
  return new Set(files.map((file) => statSync(file).ino));
}

/** Kills the operation at moments that spread over its time, and looks at what is left after each. */
async function killed(
  operation: string,
  start: () => string,
  left: (parent: string) => Promise<void>,
): Promise<void> {
  /** Lets it run for so long, or to its end; tells whether that came, and how long it took. */
  const run = async (wait: number) => {
    const parent = mkdtempSync(place.at(`${operation}-`));
    const bundle = start() === 'copy' ? copyOf(parent) : join(parent, 'bundle');
    await using script = new Script('bundle-job', {
      operation,
      source,
      bundle,
      output: join(parent, 'output'),
    });
    await script.reached('begun');
    const began = performance.now();
    if (wait === Number.POSITIVE_INFINITY) await script.ended;
    else await Promise.race([script.ended, sleep(wait)]);
    const took = performance.now() - began;
    await script.kill();
    await left(parent);
    rmSync(parent, { recursive: true });
    return { ended: script.has('done'), took };
  };
  const whole = [await run(Number.POSITIVE_INFINITY), await run(Number.POSITIVE_INFINITY)];
  expect(whole.every(({ ended }) => ended)).toBe(true);
  const takes = Math.min(...whole.map(({ took }) => took));
  let died = 0;
  // Enough have died, or nothing was tried.
  const missing = () => (died > KILLS / 10 ? undefined : 'early');
  for (const { part } of moments(missing)) if (!(await run(part * takes)).ended) died++;
  expect(missing()).toBeUndefined();
}

function copyOf(parent: string): string {
  const bundle = join(parent, 'bundle');
  cpSync(sound, bundle, { recursive: true });
  return bundle;
}

describe(`killed at ${KILLS} moments`, () => {
  test('a seal leaves nothing or a bundle, no plaintext, and the next one ends it', async () => {
    await killed(
      'seal',
      () => 'new',
      async (parent) => {
        const bundle = join(parent, 'bundle');
        for (const file of filesIn(parent)) expect(holdsPlaintext(file)).toBe(false);
        if (!existsSync(bundle)) await sealBundle(source, bundle, { keys });
        expect(filesBeside(parent, bundle)).toEqual([]);
        expect(await verifyBundle(bundle, { keys })).toMatchObject({ members: 43 });
      },
    );
  }, 300_000);

  test('an open leaves nothing or all of it, and no plaintext elsewhere', async () => {
    await killed(
      'open',
      () => 'copy',
      async (parent) => {
        const isClear = () => readdirSync(parent).every((name) => ['bundle', 'output'].includes(name));
        for (let waited = 0; !isClear() && waited < CLEARED_MS; waited += 10) await sleep(10);
        expect(isClear(), readdirSync(parent).join()).toBe(true);
        const output = join(parent, 'output');
        if (existsSync(output)) expect(filesIn(output).length).toBe(42);
      },
    );
  }, 300_000);

  test('a rewrap leaves the old envelope or the new one', async () => {
    await killed(
      'rewrap',
      () => 'copy',
      async (parent) => {
        const bundle = join(parent, 'bundle');
        const { generation, recipients } = await inspectBundle(bundle);
        expect(recipients.length).toBe(generation);
        for (const { keyUri } of recipients)
          await (await openBundle(bundle, { keys: [fixedKey(keyUri.replace('fixed:', ''))] })).close();
      },
    );
  }, 300_000);

  test('a reseal leaves the old bundle or the new one, and the next one ends it', async () => {
    let kept = 0;
    await killed(
      'reseal',
      () => 'copy',
      async (parent) => {
        const bundle = join(parent, 'bundle');
        for (const file of filesIn(parent)) expect(holdsPlaintext(file)).toBe(false);
        // Between its two renames the old one stands beside, and the next to write there puts it back.
        if (existsSync(bundle)) expect(await verifyBundle(bundle, { keys })).toMatchObject({ members: 43 });
        const before = inodesOf(filesBeside(parent, bundle));
        const { resumed, members } = await resealBundle(bundle, { keys });
        expect(members).toBe(43);
        expect(filesIn(bundle).filter((file) => before.has(statSync(file).ino))).toHaveLength(resumed);
        kept += resumed;
        expect(filesBeside(parent, bundle)).toEqual([]);
        expect(await verifyBundle(bundle, { keys })).toMatchObject({ members: 43 });
      },
    );
    expect(kept).toBeGreaterThan(0);
  }, 300_000);

  test('a seal that reuses leaves the old bundle as it was', async () => {
    await killed(
      'reuse',
      () => 'copy',
      async (parent) => {
        expect(await verifyBundle(join(parent, 'bundle'), { keys })).toMatchObject({ members: 43 });
        const output = join(parent, 'output');
        if (existsSync(output)) expect(await verifyBundle(output, { keys })).toMatchObject({ members: 43 });
      },
    );
  }, 300_000);
});

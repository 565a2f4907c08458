import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openBundle, sealBundle, sweepOutputs } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Script } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { holdsPlaintext, writePlaintext } from './support/plaintext.js';

const MIB = 1_048_576;
const keys = [fixedKey('a')];
const isLinux = process.platform === 'linux';
const isRoot = isLinux && process.geteuid?.() === 0;
const STAGING = /^\.[0-9a-f]{16}\.weightseal-tmp$/;

/** On a disk, where what is left stays. */
let place: string;
let sound: string;
let count = 0;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'weightseal-left-'));
  process.env['XDG_STATE_HOME'] = join(place, 'state');
  const source = join(place, 'source');
  mkdirSync(join(source, 'sub'), { recursive: true });
  writePlaintext(join(source, 'large'), 6 * MIB, 1);
  writePlaintext(join(source, 'second'), 6 * MIB, 2);
  for (let index = 0; index < 5; index++) writePlaintext(join(source, 'sub', `${index}`), 4096, index);
  sound = join(place, 'sound');
  await sealBundle(source, sound, { keys });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The files below a directory that hold plaintext. */
function plaintextIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .filter(holdsPlaintext);
}

/** The processes that a process has started, wherever they have gone. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

interface Left {
  readonly parent: string;
  readonly bundle: string;
  readonly output: string;
  /** What the process was making. */
  readonly staging: string;
}

function begin(command: readonly string[] = []): Omit<Left, 'staging'> & { script: Script } {
  const parent = join(place, `${++count}`);
  mkdirSync(parent);
  const [bundle, output] = [join(parent, 'bundle'), join(parent, 'output')];
  cpSync(sound, bundle, { recursive: true });
  const job = { operation: 'stay', bundle, output };
  return { parent, bundle, output, script: new Script('bundle-job', job, { command }) };
}

function stagingIn(parent: string): string {
  const [name, ...more] = readdirSync(parent).filter((one) => STAGING.test(one));
  expect(more).toEqual([]);
  return join(parent, name!);
}

/** An open that is killed in its middle together with all that it has started, so that nobody is left who could clear up. */
async function killed(command: readonly string[] = []): Promise<Left> {
  const { script, ...where } = begin(command);
  await using _script = script;
  expect(await script.reached('midway')).toBe(true);
  const own = command.length > 0 ? childrenOf(script.pid) : [script.pid];
  const guardians = own.flatMap(childrenOf);
  expect(guardians).toHaveLength(1);
  // At once, as far as it can see: while it is stopped it hears of no end.
  for (const pid of guardians) process.kill(pid, 'SIGSTOP');
  for (const pid of [...guardians, ...own]) process.kill(pid, 'SIGKILL');
  await script.kill(true);
  const staging = stagingIn(where.parent);
  // Or there is nothing to see here.
  expect(plaintextIn(staging).length).toBeGreaterThan(0);
  expect(lstatSync(staging).mode & 0o777).toBe(0o700);
  return { ...where, staging };
}

/** What makes of a process the first one of a PID namespace, as in a container. */
const INSIDE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

async function openTo(bundle: string, output: string): Promise<void> {
  await using opened = await openBundle(bundle, { keys });
  await opened.openTo(output, { overwrite: true });
}

/** Nothing is left but the bundle and what was opened. */
function expectClear({ parent, output }: Left, names: readonly string[]): void {
  expect(readdirSync(parent).sort()).toEqual([...names].sort());
  expect(plaintextIn(parent).every((file) => file.startsWith(`${output}/`))).toBe(true);
}

const ways: Record<string, () => Promise<Left>> = { 'with all that it has started': () => killed() };
if (isRoot) ways['with the container that it is in (as root)'] = () => killed(INSIDE);

describe.runIf(isLinux).each(Object.entries(ways))('an open that was killed %s (on Linux)', (_, kill) => {
  test('leaves plaintext that the next one to the same place removes', async () => {
    const left = await kill();
    await openTo(left.bundle, left.output);
    expectClear(left, ['bundle', 'output']);
  });

  test('leaves plaintext that the next one to another place beside it removes', async () => {
    const left = await kill();
    await openTo(left.bundle, join(left.parent, 'other'));
    expect(readdirSync(left.parent).sort()).toEqual(['bundle', 'other']);
  });

  test('leaves plaintext that a sweep of the directory removes', async () => {
    const left = await kill();
    expect(await sweepOutputs([left.parent])).toEqual([{ path: left.staging, outcome: 'removed' }]);
    expectClear(left, ['bundle']);
  });

  test('leaves plaintext that a sweep finds which is told no directory, and one that is told just this', async () => {
    const [first, second] = [await kill(), await kill()];
    expect(await sweepOutputs([second.staging])).toEqual([{ path: second.staging, outcome: 'removed' }]);
    expect(await sweepOutputs(undefined)).toEqual([{ path: first.staging, outcome: 'removed' }]);
    for (const left of [first, second]) expectClear(left, ['bundle']);
    expect(await sweepOutputs(undefined)).toEqual([]);
    expect(readdirSync(join(place, 'state/weightseal/outputs'))).toEqual([]);
  });
});

describe.runIf(isLinux)('what is not left, or not ours, stays (on Linux)', () => {
  const commands: Record<string, string[]> = { here: [] };
  if (isRoot) commands['in another container (as root)'] = INSIDE;

  test.each(Object.entries(commands))('what a process makes that lives %s', async (_, command) => {
    const { script, parent, bundle } = begin(command);
    await using _script = script;
    await script.reached('midway');
    const staging = stagingIn(parent);
    const before = plaintextIn(staging);
    await openTo(bundle, join(parent, 'other'));
    for (const directories of [[parent], undefined])
      expect(await sweepOutputs(directories, { elsewhere: true, unfinished: true })).toEqual([
        { path: staging, outcome: 'lives' },
      ]);
    expect(plaintextIn(staging)).toEqual(before);
  });

  test('a directory of ours that somebody has renamed to such a name', async () => {
    const { parent, staging } = await killed();
    const precious = join(parent, '.0123456789abcdef.weightseal-tmp');
    mkdirSync(join(precious, 'new'), { recursive: true, mode: 0o700 });
    writeFileSync(join(precious, 'new/thesis'), 'thesis');
    const renamed = join(parent, '.fedcba9876543210.weightseal-tmp');
    renameSync(staging, renamed);
    const left = await sweepOutputs([parent], { elsewhere: true, unfinished: true });
    expect(left.map(({ outcome }) => outcome)).toEqual(['unmarked', 'unmarked']);
    expect(readFileSync(join(precious, 'new/thesis'), 'utf8')).toBe('thesis');
    renameSync(renamed, staging);
    expect((await sweepOutputs([parent])).map(({ outcome }) => outcome).sort()).toEqual([
      'removed',
      'unmarked',
    ]);
  });

  test('what links lead to, under the name and in the directory', async () => {
    const { parent, staging } = await killed();
    const outside = join(parent, 'outside');
    const inside = join(staging, 'new/out');
    cpSync(staging, join(outside, basename(staging)), { recursive: true });
    symlinkSync(outside, inside);
    renameSync(staging, join(parent, 'aside'));
    symlinkSync(join(parent, 'aside'), staging);
    expect(await sweepOutputs([parent])).toEqual([]);
    expect(existsSync(join(parent, 'aside/new'))).toBe(true);
    rmSync(staging);
    renameSync(join(parent, 'aside'), staging);
    const before = readdirSync(outside, { recursive: true });
    expect(await sweepOutputs([parent])).toEqual([{ path: staging, outcome: 'removed' }]);
    expect(readdirSync(outside, { recursive: true })).toEqual(before);
  });

  test('one that is made at this moment, and has no mark yet', async () => {
    const parent = join(place, `${++count}`);
    const empty = join(parent, '.0123456789abcdef.weightseal-tmp');
    mkdirSync(empty, { recursive: true, mode: 0o700 });
    expect(await sweepOutputs([parent])).toEqual([]);
    expect(existsSync(empty)).toBe(true);
    utimesSync(empty, 1, 1);
    expect(await sweepOutputs([parent])).toEqual([{ path: empty, outcome: 'removed' }]);
  });

  test.runIf(isRoot)("another user's, also for root (as root)", async () => {
    const { parent, staging } = await killed();
    chownSync(staging, 65_534, 65_534);
    expect(await sweepOutputs([parent], { elsewhere: true, unfinished: true })).toEqual([]);
    expect(plaintextIn(staging).length).toBeGreaterThan(0);
  });
});

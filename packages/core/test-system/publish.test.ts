import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { sealToFile, verify } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withManifest } from '../test/support/temporary.js';
import { environmentWith } from './support/fake-ln.js';
import { Script, Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { writePlaintext } from './support/plaintext.js';

// A file without a name gets its name from `ln -L`: here with every `ln` that there may be.
const MIB = 1_048_576;
const A = fixedKey('a');
const OPERATIONS = ['seal', 'sealOver', 'open', 'openOver', 'reseal', 'grow'];

const whatAppears = (operation: string) =>
  /^(seal|reseal)/.test(operation) ? withManifest('output') : ['output'];

const root = process.platform === 'linux' && process.getuid?.() === 0;
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

let place: Workplace;

beforeAll(async () => {
  place = new Workplace(20 * MIB);
  writePlaintext(place.at('plain'), MIB, 1);
  await sealToFile(place.at('plain'), place.at('sealed'), { keys: [A] });
});

afterAll(() => place[Symbol.dispose]());

const programs = ['one that does all', 'one that fails', 'one of a multi-call binary', 'none'] as const;
const cases = programs.flatMap((program) => OPERATIONS.map((operation) => [program, operation] as const));

describe.skipIf(process.platform !== 'linux')('an output gets its name and leaves nothing (on Linux)', () => {
  test.each(cases)('ln: %s: %s', { timeout: 120_000 }, async (program, operation) => {
    const directory = place.at(`${operation} ${program}`);
    mkdirSync(directory);
    const output = `${directory}/output`;
    if (!['seal', 'open'].includes(operation)) copyFileSync(place.at('sealed'), output);
    const input = place.at(operation.startsWith('open') ? 'sealed' : 'plain');
    const env = environmentWith(program, place.at(`path ${program}`));
    await using script = new Script('operate', { operation, input, output }, { env });
    expect(await script.reached('done')).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(whatAppears(operation));
    if (operation.startsWith('open')) expect(statSync(output).size).toBe(MIB);
    else expect((await verify(output, { keys: [A] })).size).toBe(MIB);
  });

  const rewriting = programs.flatMap((program) =>
    ['reseal', 'grow'].map((operation) => [program, operation] as const),
  );
  test.skipIf(!root).each(rewriting)(
    'ln: %s: a file that %s writes anew keeps mode and owner',
    async (program, operation) => {
      for (const mode of [0o640, 0o2755]) {
        const output = place.at(`owned ${operation} ${program}`);
        copyFileSync(place.at('sealed'), output);
        chownSync(output, 12_345, 54_321);
        chmodSync(output, mode);
        const env = environmentWith(program, place.at(`path ${program}`));
        await using script = new Script('operate', { operation, input: '', output }, { env });
        expect(await script.reached('done')).toBe(true);
        expect(statSync(output)).toMatchObject({ uid: 12_345, gid: 54_321, mode: 0o100_000 | mode });
      }
    },
  );
});

describe.skipIf(!root || !setpriv)("another user's file in a directory that one may write to", () => {
  const NOBODY = 65_534;
  const command = [setpriv!, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

  test.each(['reseal', 'grow'])('%s refuses before it begins, and leaves the file', async (operation) => {
    const directory = place.at(`team-${operation}`);
    mkdirSync(directory);
    for (const path of [place.path, directory]) chmodSync(path, 0o777);
    const output = `${directory}/output`;
    copyFileSync(place.at('sealed'), output);
    chownSync(output, 12_345, 54_321);
    chmodSync(output, 0o666);
    const before = readFileSync(output);
    await using script = new Script('attempt', { operation, input: '', output }, { command });
    const { code, message, asked } = await script.result<{
      code: string;
      message: string;
      asked: string[];
    }>();
    expect({ code, message }).toEqual({
      code: 'IO_ERROR',
      message: expect.stringContaining('is of user 12345 and group 54321') as string,
    });
    expect(message).toContain('Run this as its owner or as root.');
    if (operation === 'reseal') expect(asked).toEqual([]);
    expect(readdirSync(directory)).toEqual(['output']);
    expect(readFileSync(output).equals(before)).toBe(true);
  });

  test('an output may be in a directory that can be written and not read', async () => {
    const directory = place.at('drop');
    mkdirSync(directory);
    chownSync(directory, NOBODY, NOBODY);
    chmodSync(place.path, 0o755);
    chmodSync(directory, 0o300);
    for (const operation of ['seal', 'sealOver', 'open', 'openOver']) {
      const output = `${directory}/${operation.slice(0, 4)}`;
      chmodSync(place.at('sealed'), 0o644);
      const input = place.at(operation.startsWith('open') ? 'sealed' : 'plain');
      await using script = new Script('operate', { operation, input, output }, { command });
      expect(await script.reached('done'), operation).toBe(true);
    }
    expect(readdirSync(directory).sort()).toEqual(['open', ...withManifest('seal')]);
    expect(statSync(`${directory}/open`).size).toBe(MIB);
  });
});

const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path));

describe.skipIf(!root || !unshare)("a process in a PID namespace that sees its parent's /proc", () => {
  test.each(OPERATIONS)('%s gives a name to its own file', async (operation) => {
    const directory = place.at(`namespace ${operation}`);
    mkdirSync(directory);
    const output = `${directory}/output`;
    if (!['seal', 'open'].includes(operation)) copyFileSync(place.at('sealed'), output);
    const input = place.at(operation.startsWith('open') ? 'sealed' : 'plain');
    const path = place.at(`path of ${operation} in the namespace`);
    const env = environmentWith('one that tells how it went', path);
    const command = [unshare!, '--pid', '--fork', '--kill-child'];
    await using script = new Script('operate', { operation, input, output }, { command, env });
    expect(await script.reached('done')).toBe(true);
    expect(readFileSync(`${path}/ln.told`, 'utf8'), 'it was no copy').toMatch(/^(0\n)+$/);
    expect(readdirSync(directory).sort()).toEqual(whatAppears(operation));
    if (operation.startsWith('open'))
      expect(readFileSync(output).equals(readFileSync(place.at('plain')))).toBe(true);
    else expect((await verify(output, { keys: [A] })).size).toBe(MIB);
  });
});

describe("under Node's permission model, without the right to start processes", () => {
  test.each(OPERATIONS)('%s gives its file a name', async (operation) => {
    const directory = place.at(`permitted ${operation}`);
    mkdirSync(directory);
    const output = `${directory}/output`;
    if (!['seal', 'open'].includes(operation)) copyFileSync(place.at('sealed'), output);
    const input = place.at(operation.startsWith('open') ? 'sealed' : 'plain');
    const env = { ...process.env, NODE_OPTIONS: '--permission --allow-fs-read=* --allow-fs-write=*' };
    await using script = new Script('operate', { operation, input, output }, { env });
    expect(await script.reached('done')).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(whatAppears(operation));
    if (operation.startsWith('open')) expect(statSync(output).size).toBe(MIB);
    else expect((await verify(output, { keys: [A] })).size).toBe(MIB);
  });

  test('a mode that cannot be kept is refused before the work', async () => {
    const output = place.at('open to all');
    copyFileSync(place.at('sealed'), output);
    chmodSync(output, 0o666);
    const env = { ...process.env, NODE_OPTIONS: '--permission --allow-fs-read=* --allow-fs-write=*' };
    await using script = new Script('attempt', { operation: 'reseal', input: '', output }, { env });
    const { code, asked } = await script.result<{ code: string; asked: string[] }>();
    expect({ code, asked }).toEqual({ code: 'IO_ERROR', asked: [] });
  });
});

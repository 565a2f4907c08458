import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { sealToFile, verify } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentWith } from './support/fake-ln.js';
import { Script, Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { writePlaintext } from './support/plaintext.js';

// A file without a name gets its name from `ln -L`: here with every `ln` that there may be.
const MIB = 1_048_576;
const A = fixedKey('a');
const OPERATIONS = ['seal', 'sealOver', 'open', 'openOver', 'reseal', 'grow'];

let place: Workplace;

beforeAll(async () => {
  place = new Workplace(20 * MIB);
  writePlaintext(place.at('plain'), MIB, 1);
  await sealToFile(place.at('plain'), place.at('sealed'), { keys: [A] });
});

afterAll(() => place[Symbol.dispose]());

const programs = ['one that does all', 'one that fails', 'one of a multi-call binary', 'none'] as const;
const cases = programs.flatMap((program) => OPERATIONS.map((operation) => [program, operation] as const));

describe.skipIf(process.platform !== 'linux')('an output gets its name, and leaves nothing beside it', () => {
  test.each(cases)('ln: %s: %s', { timeout: 30_000 }, async (program, operation) => {
    const directory = place.at(`${operation} ${program}`);
    mkdirSync(directory);
    const output = `${directory}/output`;
    if (!['seal', 'open'].includes(operation)) copyFileSync(place.at('sealed'), output);
    const input = place.at(operation.startsWith('open') ? 'sealed' : 'plain');
    const env = environmentWith(program, place.at(`path ${program}`));
    await using script = new Script('operate', { operation, input, output }, { env });
    expect(await script.reached('done')).toBe(true);
    expect(readdirSync(directory)).toEqual(['output']);
    if (operation.startsWith('open')) expect(statSync(output).size).toBe(MIB);
    else expect((await verify(output, { keys: [A] })).size).toBe(MIB);
  });

  test.skipIf(process.getuid?.() !== 0)('a file that is written anew keeps mode and owner', async () => {
    for (const operation of ['reseal', 'grow']) {
      const output = place.at(`owned-${operation}`);
      copyFileSync(place.at('sealed'), output);
      chmodSync(output, 0o640);
      chownSync(output, 12_345, 54_321);
      await using script = new Script('operate', { operation, input: '', output });
      expect(await script.reached('done')).toBe(true);
      expect(statSync(output)).toMatchObject({ uid: 12_345, gid: 54_321, mode: 0o100_640 });
    }
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectAuditOptions } from '@weightseal/storage-audit';
import { describe, expect, test } from 'vitest';
import { objectsAsked } from '../src/audit/objects.js';
import { lookAtObjects } from '../src/audit/run-objects.js';
import { Place } from '../src/place.js';
import type { Args } from '../src/types.js';
import { Sandbox } from './support/cli.js';

const COUNT = 250;

function argsOf(operand: string, state: string): Args {
  return {
    operand,
    operands: [operand],
    rest: [],
    one: (flag) => (flag === 'state' ? state : undefined),
    many: () => [],
    has: (flag) => flag === 'quiet',
  };
}

/** So many plain models. */
async function models(sandbox: Sandbox): Promise<string> {
  const directory = join(sandbox.path, 'models');
  await mkdir(directory);
  for (let index = 0; index < COUNT; index++)
    await writeFile(join(directory, `${String(index).padStart(3, '0')}.gguf`), `GGUF${'\0'.repeat(60)}`);
  return directory;
}

async function looked(
  directory: string,
  state: string,
  options: ObjectAuditOptions = {},
  seen = () => {},
  whom = 'a',
) {
  const args = argsOf(directory, state);
  await using place = await Place.of(args, directory);
  return await lookAtObjects(args, place, { options, whom }, { waiting: seen });
}

describe('an audit that is stopped', () => {
  test('keeps how far it was, and the next one goes on and counts nothing twice', async () => {
    await using sandbox = await Sandbox.create();
    const directory = await models(sandbox);
    const state = join(sandbox.path, 'state');
    const stop = new AbortController();
    // It says how far it is, and is stopped then.
    const stopped = looked(directory, state, { signal: stop.signal }, () => stop.abort());
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    const kept = JSON.parse(await readFile(state, 'utf8')) as { after: string; tally: { kinds: unknown[] } };
    const done = Number(kept.after.slice(0, 3)) + 1;
    expect(done).toBeGreaterThanOrEqual(100);
    expect(done).toBeLessThan(COUNT);
    expect(kept.tally.kinds).toEqual([['weights', done]]);
    const { tally } = await looked(directory, state);
    expect(tally.count('weights')).toBe(COUNT);
    expect(await sandbox.files()).toEqual(['models']);
  });

  test('and one of something else does not go on with it', async () => {
    await using sandbox = await Sandbox.create();
    const directory = await models(sandbox);
    const state = join(sandbox.path, 'state');
    const stop = new AbortController();
    const stopped = looked(directory, state, { signal: stop.signal }, () => stop.abort());
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    const before = await readFile(state, 'utf8');
    const other = looked(directory, state, { sample: 0.5 });
    await expect(other).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const ofOthers = looked(directory, state, {}, () => {}, 'b');
    await expect(ofOthers).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await using another = await Sandbox.create();
    const elsewhere = await models(another);
    await expect(looked(elsewhere, state)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readFile(state, 'utf8')).toBe(before);
  });

  test('and one by another key of the same name is another', async () => {
    await using sandbox = await Sandbox.create();
    const file = join(sandbox.path, 'r.pub');
    const none = argsOf(sandbox.path, '');
    const args: Args = { ...none, many: (flag) => (flag === 'public-key' ? [file] : []) };
    await using place = await Place.of(args, sandbox.path);
    const whom = async () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      await writeFile(file, publicKey.export({ type: 'spki', format: 'pem' }));
      return (await objectsAsked(args, place, undefined, new AbortController().signal)).whom;
    };
    expect(await whom()).not.toBe(await whom());
  });
});

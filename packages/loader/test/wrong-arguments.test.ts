import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isWeightsealError } from '@weightseal/core';
import { load, openSafetensors, run, sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from './support/sealed-model.js';

let model: SealedModel & AsyncDisposable;
beforeAll(async () => {
  model = await sealedModel(5000, {});
});
afterAll(() => model[Symbol.asyncDispose]());

async function codeOf(go: () => unknown): Promise<string> {
  try {
    await go();
    return 'was not refused';
  } catch (error) {
    return isWeightsealError(error) ? error.code : `was refused otherwise: ${error}`;
  }
}

// Callers in JavaScript, whom no compiler has told.
const functions: Record<string, (source: never, options: never) => unknown> = {
  load,
  run: (source, options) => run(source, (options && { command: ['true'], ...(options as object) }) as never),
  openSafetensors,
};

describe.runIf(process.platform === 'linux').each(Object.entries(functions))('%s', (name, go) => {
  test.each<[string, () => unknown]>([
    ['no options', () => undefined],
    ['null', () => null],
    ['no keys', () => ({})],
    ['one key', () => ({ keys: model.keys[0] })],
    ['URIs', () => ({ keys: ['local:k'] })],
    ['a signal that is none', () => ({ keys: model.keys, signal: {} })],
  ])('%s', async (_what, options) => {
    expect(await codeOf(() => go(model.path as never, options() as never))).toBe('INVALID_ARGUMENT');
  });

  test.each([undefined, null, 5, {}, new Uint8Array(5), new URL('https://example.com/model')])(
    'of %s',
    async (source) => {
      expect(await codeOf(() => go(source as never, { keys: model.keys } as never))).toBe('INVALID_ARGUMENT');
    },
  );

  test.skipIf(name === 'openSafetensors')('with options of the wrong kind', async () => {
    for (const wrong of [
      { directory: 5 },
      { directory: new URL('https://example.com/') },
      { directory: new URL('file:///a%2Fb') },
      { allowDisk: 'no' },
      { requireNoSwap: 'yes' },
      { nameless: 1 },
      { digest: 'yes' },
      { name: 5 },
      { onProgress: 'x' },
      { where: 'here' },
      { memoryAllowance: '5' },
      { concurrency: 'x' },
    ])
      expect(
        await codeOf(() => go(model.path as never, { keys: model.keys, ...wrong } as never)),
        JSON.stringify(wrong),
      ).toBe('INVALID_ARGUMENT');
  });
});

describe.runIf(process.platform === 'linux')('and', () => {
  test.each<[string, () => unknown]>([
    ['a command that is a text', () => run(model.path, { keys: model.keys, command: 'ls' as never })],
    ['no command', () => run(model.path, { keys: model.keys } as never)],
    ['a command of numbers', () => run(model.path, { keys: model.keys, command: [5] as never })],
    ['sweep with null', () => sweep(null as never)],
    ['sweep of one directory', () => sweep({ directories: '/dev/shm' as never })],
    ['sweep of numbers', () => sweep({ directories: [5] as never })],
  ])('%s', async (_name, go) => {
    expect(await codeOf(go)).toBe('INVALID_ARGUMENT');
  });

  test('a model, and where it goes, may be named by a file: URL', async () => {
    const loaded = await load(pathToFileURL(model.path), {
      keys: model.keys,
      directory: pathToFileURL('/dev/shm'),
    });
    expect(Buffer.compare(await readFile(loaded.path), model.plaintext)).toBe(0);
    await loaded.dispose();
    expect(await sweep({ directories: [pathToFileURL('/dev/shm')] })).toHaveProperty('removed');
  });

  test('load reads the head of a byte source once, by one request', async () => {
    const sealed = await readFile(model.path);
    const reads: number[] = [];
    const source = {
      size: sealed.length,
      read: async (offset: number, length: number) => {
        reads.push(offset);
        return sealed.subarray(offset, offset + length);
      },
    };
    const loaded = await load(source, { keys: model.keys });
    await loaded.dispose();
    expect(reads.filter((offset) => offset === 0)).toHaveLength(1);
    // The head, the last segment before anything is believed, and the payload.
    expect(reads).toHaveLength(3);
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealBundle } from '@weightseal/core';
import { load, type RunEvent, run } from '@weightseal/loader';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { onnxWithData } from './support/onnx.js';
import type { Contents } from './support/plain-bundle.js';
import { sealedBundle, writePlain } from './support/sealed-bundle.js';
import { INDEX, shardedModel } from './support/sharded.js';

const shard = (at: number) => `model-0000${at}-of-00003.safetensors`;
const adapter = (base: string) => Buffer.from(JSON.stringify({ base_model_name_or_path: base }));
const { [shard(2)]: _, ...lacking } = shardedModel().contents;

function ours(): string[] {
  return readdirSync('/dev/shm').filter((name) => new RegExp(`^weightseal-\\d+-${process.pid}-`).test(name));
}

const INCOMPLETE: [string, Contents, RegExp][] = [
  [
    'shards that its index names',
    lacking,
    /^"model.safetensors.index.json" names the shards "model-00002-of-00003.safetensors", and the bundle has no such file: it cannot be loaded\..*--only.*--allow-incomplete/,
  ],
  [
    'the external data of an ONNX model',
    { onnx: null, 'onnx/model.onnx': onnxWithData('model.onnx_data') },
    /^"onnx\/model.onnx" has its tensors in "onnx\/model.onnx_data", and the bundle has no such file/,
  ],
  [
    'shards that would lie outside of it',
    { [INDEX]: Buffer.from('{"weight_map":{"w":"../\\u202ex.safetensors"}}') },
    /names the shards "\.\.\/\\u202ex.safetensors", and/,
  ],
];

describe.runIf(process.platform === 'linux')('a bundle that lacks what its own files name (on Linux)', () => {
  describe.each(INCOMPLETE)('%s', (_what, contents, sentence) => {
    const refused = {
      code: 'BUNDLE_INCOMPLETE',
      class: 'format',
      message: expect.stringMatching(sentence),
    };

    test.each(['own', 'existing'] as const)('is not loaded, nor a command run on it: %s', async (where) => {
      await using bundle = await sealedBundle({ contents });
      const began = join(bundle.directory, 'began');
      const options = { keys: bundle.keys, where };
      await expect(load(bundle.path, options)).rejects.toMatchObject(refused);
      await expect(run(bundle.path, { ...options, command: ['touch', began] })).rejects.toMatchObject(
        refused,
      );
      expect([ours(), existsSync(began)]).toEqual([[], false]);
    });

    test('is where that is allowed, and is told what it lacks', async () => {
      await using bundle = await sealedBundle({ contents });
      const options = { keys: bundle.keys, allowIncomplete: true };
      await using loaded = await load(bundle.path, options);
      const { incomplete } = loaded.opened;
      expect(incomplete).toHaveLength(1);
      const ran = await run(bundle.path, { ...options, command: ['true'] });
      expect(ran).toMatchObject({ exitCode: 0, incomplete });
    });
  });

  test('is loaded in part, since who wants that knows that it is one', async () => {
    await using bundle = await sealedBundle({ contents: lacking });
    await using loaded = await load(bundle.path, { keys: bundle.keys, only: [INDEX, shard(1)] });
    expect(readdirSync(loaded.path).sort()).toEqual([shard(1), INDEX].sort());
    expect(loaded.opened.incomplete).toBeUndefined();
  });

  test('takes one call to a key, to be refused or to be loaded', async () => {
    await using bundle = await sealedBundle({ contents: {} });
    const key = new MemoryKey();
    const plain = join(bundle.directory, 'lacking');
    await writePlain(plain, { ...lacking, 'm.onnx': onnxWithData('gone') });
    await sealBundle(plain, `${plain}.sealed`, { keys: [key], public: ['*.json'] });
    key.unwraps = 0;
    await expect(load(`${plain}.sealed`, { keys: [key] })).rejects.toMatchObject({
      code: 'BUNDLE_INCOMPLETE',
    });
    expect(key.unwraps).toBe(1);
    await using loaded = await load(`${plain}.sealed`, { keys: [key], allowIncomplete: true });
    expect(loaded.opened.incomplete?.map(({ kind }) => kind).sort()).toEqual(['external-data', 'index']);
    expect(key.unwraps).toBe(2);
  });

  test('whose index was changed or taken away is refused as what it is', async () => {
    await using bundle = await sealedBundle({ contents: lacking });
    const index = join(bundle.path, `${INDEX}.sealed`);
    const bytes = await readFile(index);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(index, bytes);
    await expect(load(bundle.path, { keys: bundle.keys })).rejects.toMatchObject({ code: 'MEMBER_TAMPERED' });
    await rm(index);
    await expect(load(bundle.path, { keys: bundle.keys })).rejects.toMatchObject({ code: 'MEMBER_MISSING' });
  });

  test('the base model of an adapter may be elsewhere: it is told, and loaded', async () => {
    await using bundle = await sealedBundle({
      contents: { 'adapter_config.json': adapter('org/base'), 'adapter_model.safetensors': Buffer.alloc(9) },
    });
    const lacks = [{ file: 'adapter_config.json', kind: 'adapter', missing: ['org/base'], count: 1 }];
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => void events.push(event);
    const ran = await run(bundle.path, { keys: bundle.keys, command: ['true'], onEvent });
    expect(ran).toMatchObject({ exitCode: 0, incomplete: lacks });
    expect(events[0]).toMatchObject({ event: 'started', opened: { incomplete: lacks } });
    await using loaded = await load(bundle.path, { keys: bundle.keys });
    expect(loaded.opened.incomplete).toEqual(lacks);
  });

  test('parts that are only numbered are a guess, and told', async () => {
    await using bundle = await sealedBundle({ contents: { 'm-00001-of-00002.gguf': Buffer.alloc(9) } });
    await using loaded = await load(bundle.path, { keys: bundle.keys });
    expect(loaded.opened.incomplete).toMatchObject([
      { kind: 'numbered', missing: ['m-00002-of-00002.gguf'] },
    ]);
  });

  test.each<[string, Contents]>([
    ['all shards', shardedModel().contents],
    [
      'its shards in a directory that a link leads to',
      {
        ...Object.fromEntries(
          Object.entries(shardedModel(1).contents).map(([path, what]) => [`blobs/${path}`, what]),
        ),
        blobs: null,
        weights: { to: 'blobs' },
        [INDEX]: Buffer.from('{"weight_map":{"w":"weights/model-00001-of-00001.safetensors"}}'),
      },
    ],
    [
      'the base of its adapter',
      { lora: null, 'lora/adapter_config.json': adapter('../base'), base: null, 'base/x': Buffer.alloc(1) },
    ],
    ['external data', { 'm.onnx': onnxWithData('m.onnx_data'), 'm.onnx_data': Buffer.alloc(9) }],
  ])('one that has %s lacks nothing', async (_what, contents) => {
    await using bundle = await sealedBundle({ contents });
    await using loaded = await load(bundle.path, { keys: bundle.keys });
    expect(loaded.opened.incomplete).toEqual([]);
  });

  test('is no matter of a single file', async () => {
    const { sealedModel } = await import('./support/sealed-model.js');
    await using file = await sealedModel(10);
    await expect(load(file.path, { keys: file.keys, allowIncomplete: true })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const loaded = await load(file.path, { keys: file.keys, allowIncomplete: false });
    expect(loaded.opened.incomplete).toBeUndefined();
    await loaded.dispose();
    await expect(load(file.path, { keys: file.keys, allowIncomplete: 1 as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

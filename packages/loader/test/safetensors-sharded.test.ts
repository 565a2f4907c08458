import { readdirSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sealBundle } from '@weightseal/core';
import { openSafetensors } from '@weightseal/loader';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import type { Contents } from './support/plain-bundle.js';
import { safetensors } from './support/safetensors.js';
import { sealedBundle, writePlain } from './support/sealed-bundle.js';
import { INDEX, indexOf, shardedModel, tensor } from './support/sharded.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const descriptors = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
const shard = (at: number, of = 3) => `model-0000${at}-of-0000${of}.safetensors`;

describe('tensors of a sealed bundle', () => {
  test('are named by its index, and found in their shards, with one call to a key', async () => {
    const { contents, tensors } = shardedModel();
    await using bundle = await sealedBundle();
    const plain = join(bundle.directory, 'sharded');
    const key = new MemoryKey();
    await writePlain(plain, contents);
    await sealBundle(plain, `${plain}.sealed`, { keys: [key], context: { model: 'llama' } });
    key.unwraps = 0;
    const options = { keys: [key], context: { model: 'llama' } };
    await using file = await openSafetensors(pathToFileURL(`${plain}.sealed`), options);
    expect([...file.names].sort()).toEqual([...tensors.keys()].sort());
    expect(file.context).toEqual({ model: 'llama' });
    expect(file.metadata).toEqual({ total_size: String(3 * 620 * 4) });
    const sizes = [1, 2, 3].map((at) => (contents[shard(at)] as Buffer).length);
    expect(file.size).toBe(sizes.reduce((sum, size) => sum + size));
    for (const [name, { dtype, shape, bytes }] of tensors) {
      expect(await file.tensor(name)).toMatchObject({ name, dtype, shape });
      expect(Buffer.compare(await file.bytes(name), bytes)).toBe(0);
    }
    const rows = await file.tensor('layers.2.weight', { rows: [10, 12] });
    expect(rows.shape).toEqual([2, 20]);
    expect(Buffer.compare(rows.bytes, tensors.get('layers.2.weight')!.bytes.subarray(800, 960))).toBe(0);
    expect(key.unwraps).toBe(1);
  });

  test('say what they are, one or all of them, and in which member', async () => {
    const { contents, tensors } = shardedModel();
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    const info = await file.info('layers.3.bias');
    expect(info).toMatchObject({ dtype: 'F32', shape: [20], byteLength: 80, member: shard(3) });
    const plain = contents[info.member!] as Buffer;
    const { bytes } = tensors.get('layers.3.bias')!;
    expect(Buffer.compare(plain.subarray(info.offset, info.offset + info.byteLength), bytes)).toBe(0);
    const all = await file.tensors();
    expect([...all.keys()].sort()).toEqual([...file.names].sort());
    expect(all.get('layers.3.bias')).toEqual(info);
    await expect(file.info('layers.4.bias')).rejects.toEqual(code('TENSOR_NOT_FOUND'));
    await expect(file.tensor('__proto__')).rejects.toEqual(code('TENSOR_NOT_FOUND'));
  });

  test('take no more shards than they are in: the others need not even be there', async () => {
    await using bundle = await sealedBundle({ contents: shardedModel().contents });
    for (const at of [1, 3]) await rm(join(bundle.path, `${shard(at)}.sealed`));
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    expect((await file.tensor('layers.2.bias')).shape).toEqual([20]);
    await expect(file.tensor('layers.1.bias')).rejects.toEqual(code('MEMBER_MISSING'));
    await expect(file.tensors()).rejects.toEqual(code('MEMBER_MISSING'));
    expect((await file.tensor('layers.2.weight')).shape).toEqual([30, 20]);
  });

  test("of many shards, asked for at once, read each shard's header once", async () => {
    const { contents, tensors } = shardedModel(40);
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    const names = [...file.names, ...file.names];
    await file.tensor('layers.1.bias');
    const before = descriptors();
    const infos = await Promise.all(names.map((name) => file.info(name)));
    for (const [at, info] of infos.slice(names.length / 2).entries()) expect(info).toBe(infos[at]);
    const read = await Promise.all(names.map((name) => file.bytes(name)));
    for (const [at, name] of names.entries())
      expect(Buffer.compare(read[at]!, tensors.get(name)!.bytes)).toBe(0);
    // However many shards are read, none stays open.
    expect(descriptors()).toBeLessThan(before + 20);
  });

  test('in a shard that was changed are refused, the others are not', async () => {
    await using bundle = await sealedBundle({ contents: shardedModel().contents });
    const path = join(bundle.path, `${shard(2)}.sealed`);
    const bytes = await readFile(path);
    bytes[1_000]! ^= 1;
    await writeFile(path, bytes);
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    await expect(file.tensor('layers.2.bias')).rejects.toEqual(code('MEMBER_TAMPERED'));
    expect((await file.tensor('layers.1.bias')).shape).toEqual([20]);
    // What was only away is looked for again.
    await rename(join(bundle.path, `${shard(3)}.sealed`), join(bundle.directory, 'away'));
    await expect(file.tensor('layers.3.bias')).rejects.toEqual(code('MEMBER_MISSING'));
    await rename(join(bundle.directory, 'away'), join(bundle.path, `${shard(3)}.sealed`));
    expect((await file.tensor('layers.3.bias')).shape).toEqual([20]);
  });

  test('end with it; an abort ends only the call that it was given to', async () => {
    await using bundle = await sealedBundle({ contents: shardedModel().contents });
    const file = await openSafetensors(bundle.path, { keys: bundle.keys });
    const ending = new AbortController();
    const aborted = file.tensor('layers.1.bias', { signal: ending.signal });
    const other = file.tensor('layers.1.weight');
    ending.abort(new Error('enough'));
    await expect(aborted).rejects.toEqual(code('ABORTED'));
    expect((await other).shape).toEqual([30, 20]);
    const signal = AbortSignal.abort();
    await expect(file.info('layers.1.bias', { signal })).rejects.toEqual(code('ABORTED'));
    await expect(file.tensor('layers.1.bias', { signal })).rejects.toEqual(code('ABORTED'));
    await expect(file.bytes('layers.1.bias', { signal })).rejects.toEqual(code('ABORTED'));
    await expect(file.tensors({ signal: AbortSignal.abort() })).rejects.toEqual(code('ABORTED'));
    await file.close();
    await file.close();
    await expect(file.tensor('layers.1.bias')).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(file.tensor('layers.2.bias')).rejects.toEqual(code('INVALID_ARGUMENT'));
    const never = openSafetensors(bundle.path, { keys: bundle.keys, signal: AbortSignal.abort() });
    await expect(never).rejects.toEqual(code('ABORTED'));
  });

  test('may be in what a link leads to, also by a directory', async () => {
    const [one, two] = [tensor('one', 3), tensor('two', 3)];
    const shards = { 'a.safetensors': [one], 'weights/b.safetensors': [two] };
    const contents: Contents = {
      [INDEX]: { to: `index/${INDEX}` },
      index: null,
      [`index/${INDEX}`]: Buffer.from(indexOf(shards)),
      'a.safetensors': { to: 'blobs/0' },
      weights: { to: 'blobs' },
      blobs: null,
      'blobs/0': safetensors([one]),
      'blobs/b.safetensors': safetensors([two]),
    };
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    expect(file.size).toBe((contents['blobs/0'] as Buffer).length * 2);
    expect(await file.info('two')).toMatchObject({ member: 'blobs/b.safetensors' });
    for (const { name, bytes } of [one, two]) expect(Buffer.compare(await file.bytes(name), bytes)).toBe(0);
  });

  test('of one file that the index calls by two names are not in two shards', async () => {
    const [one, two] = [tensor('one', 3), tensor('two', 3)];
    const contents: Contents = {
      [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one], 'b.safetensors': [two] })),
      'a.safetensors': safetensors([one, two]),
      'b.safetensors': { to: 'a.safetensors' },
    };
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    expect((await file.tensors()).size).toBe(2);
    expect(Buffer.compare(await file.bytes('two'), two.bytes)).toBe(0);
    expect(file.size).toBe((contents['a.safetensors'] as Buffer).length);
  });

  test('are no more once it is closed, while they are being read too', async () => {
    await using bundle = await sealedBundle({ contents: shardedModel(20).contents });
    const file = await openSafetensors(bundle.path, { keys: bundle.keys });
    const reading = Promise.allSettled([...file.names].map((name) => file.tensor(name)));
    const all = Promise.allSettled([file.tensors()]);
    await file.close();
    for (const one of [...(await reading), ...(await all)])
      if (one.status === 'rejected') expect(one.reason).toEqual(code('INVALID_ARGUMENT'));
    await expect(file.tensor('layers.20.bias')).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('what a bundle is gone by', () => {
  const one = tensor('one', 2);
  const two = tensor('two', 2);
  const parts: Contents = {
    unet: null,
    'unet/diffusion.safetensors.index.fp16.json': Buffer.from(indexOf({ 'u.safetensors': [one] })),
    'unet/u.safetensors': safetensors([one], { of: 'unet' }),
    text: null,
    'text/model.safetensors.index.json': Buffer.from(indexOf({ 'below/t.safetensors': [two] })),
    'text/below': null,
    'text/below/t.safetensors': safetensors([two]),
  };

  test('is the only index, wherever it is, or the one that is named', async () => {
    const unet = Object.fromEntries(Object.entries(parts).filter(([path]) => path.startsWith('unet')));
    await using single = await sealedBundle({ contents: unet });
    await using file = await openSafetensors(single.path, { keys: single.keys });
    expect(await file.info('one')).toMatchObject({ member: 'unet/u.safetensors' });
    await using both = await sealedBundle({ contents: parts });
    await expect(openSafetensors(both.path, { keys: both.keys })).rejects.toThrow(
      /2 indices of safetensors files: "text\/model.safetensors.index.json", "unet\/.*Say which is meant, with `index`/,
    );
    const index = 'text/model.safetensors.index.json';
    await using text = await openSafetensors(both.path, { keys: both.keys, index });
    expect([...text.names]).toEqual(['two']);
    expect(Buffer.compare(await text.bytes('two'), two.bytes)).toBe(0);
  });

  test('is the only safetensors file where there is no index, or the one that is named', async () => {
    const adapter = { 'adapter_model.safetensors': safetensors([one], { format: 'pt' }) };
    await using single = await sealedBundle({ contents: adapter });
    await using file = await openSafetensors(single.path, { keys: single.keys });
    expect(file.metadata).toEqual({ format: 'pt' });
    expect([...file.names]).toEqual(['one']);
    expect(file.size).toBe(adapter['adapter_model.safetensors'].length);
    expect((await file.tensors()).get('one')).toMatchObject({ member: 'adapter_model.safetensors' });
    await expect(file.tensor('two')).rejects.toEqual(code('TENSOR_NOT_FOUND'));
    expect(Buffer.compare(await file.bytes('one'), one.bytes)).toBe(0);
    await using several = await sealedBundle({
      contents: { ...adapter, 'b.safetensors': safetensors([two]) },
    });
    const options = { keys: several.keys };
    await expect(openSafetensors(several.path, options)).rejects.toThrow(/2 safetensors files and no index/);
    await using named = await openSafetensors(several.path, { ...options, index: 'b.safetensors' });
    expect([...named.names]).toEqual(['two']);
  });

  test.each<[string, Contents, string | undefined, string]>([
    ['nothing', { 'config.json': Buffer.from('{}') }, undefined, 'MEMBER_NOT_FOUND'],
    ['a name that is not there', parts, 'x.safetensors', 'MEMBER_NOT_FOUND'],
    ['a directory', { 'd.safetensors': null }, 'd.safetensors', 'MEMBER_NOT_FOUND'],
    ['what is neither', { 'a.gguf': Buffer.alloc(9) }, 'a.gguf', 'INVALID_ARGUMENT'],
    ['several', parts, undefined, 'INVALID_ARGUMENT'],
  ])('is not %s', async (_what, contents, index, expected) => {
    await using bundle = await sealedBundle({ contents });
    await expect(openSafetensors(bundle.path, { keys: bundle.keys, index })).rejects.toEqual(code(expected));
  });

  test('is no matter of a single file, which is told', async () => {
    await using bundle = await sealedBundle({ contents: { 'a.safetensors': safetensors([one]) } });
    const file = join(bundle.path, 'weightseal.json');
    for (const more of [{ index: 'x' }, { allowIncomplete: true }, { allowExtra: ['x'] }])
      await expect(openSafetensors(file, { keys: bundle.keys, ...more })).rejects.toEqual(
        code('INVALID_ARGUMENT'),
      );
    for (const wrong of [{ index: 5 }, { allowIncomplete: 'yes' }, { indx: 'x' }])
      await expect(
        openSafetensors(bundle.path, { keys: bundle.keys, ...wrong } as never),
        JSON.stringify(wrong),
      ).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('a shard that is not in the bundle', () => {
  test('is told before any is read, unless that is allowed', async () => {
    const { [shard(2)]: _, ...contents } = shardedModel().contents;
    await using bundle = await sealedBundle({ contents });
    const options = { keys: bundle.keys };
    await expect(openSafetensors(bundle.path, options)).rejects.toMatchObject({
      code: 'BUNDLE_INCOMPLETE',
      message: expect.stringContaining(`"${INDEX}" names "${shard(2)}"`),
    });
    await using file = await openSafetensors(bundle.path, { ...options, allowIncomplete: true });
    expect([...file.names].sort()).toEqual([
      'layers.1.bias',
      'layers.1.weight',
      'layers.3.bias',
      'layers.3.weight',
    ]);
    expect((await file.tensors()).size).toBe(4);
    expect((await file.tensor('layers.3.bias')).shape).toEqual([20]);
    await expect(file.tensor('layers.2.bias')).rejects.toMatchObject({
      code: 'TENSOR_NOT_FOUND',
      message: expect.stringContaining(shard(2)),
    });
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findIncomplete, type Incomplete, sealBundle } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('incomplete')];

/** Of a directory with these files; a text is what one of them holds, and a path that ends in / a directory. */
async function of(given: Readonly<Record<string, string | Uint8Array>>): Promise<Incomplete[]> {
  const all = Object.entries(given).map(([path, content]) =>
    path.endsWith('/') ? { path: path.slice(0, -1) } : { path, size: Buffer.from(content).length },
  );
  return await findIncomplete(all, async (path) => Buffer.from(given[path]!));
}

const index = (...shards: string[]) =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, at) => [`tensor.${at}`, shard])) });

/** Protocol buffers: a field that has bytes. */
function field(number: number, ...parts: (string | Uint8Array)[]): Uint8Array {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function onnx(...locations: string[]): Uint8Array {
  const pair = (key: string, value: string) => field(13, field(1, key), field(2, value));
  const tensors = locations.map((at) =>
    field(5, Uint8Array.of(0x10, 1), field(8, 'w'), pair('location', at), pair('offset', '0')),
  );
  return Buffer.concat([Uint8Array.of(0x08, 9), field(2, 'pytorch'), field(7, field(2, 'g'), ...tensors)]);
}

describe('shards that an index names', () => {
  test('are told where they are not there, by their paths', async () => {
    expect(
      await of({
        'config.json': '{}',
        'unet/diffusion_pytorch_model.safetensors.index.fp16.json': index('a.safetensors', 'b.safetensors'),
        'unet/a.safetensors': '',
        'model.safetensors.index.json': index('whole.safetensors'),
        'whole.safetensors': '',
      }),
    ).toEqual([
      {
        file: 'unet/diffusion_pytorch_model.safetensors.index.fp16.json',
        kind: 'index',
        missing: ['unet/b.safetensors'],
        count: 1,
      },
    ]);
  });

  test('are in the directory, and what leads out of it is not', async () => {
    const given = { 'm.safetensors.index.json': index('../x', '/etc/passwd', 'a/../b'), b: '', x: '' };
    expect(await of(given)).toEqual([
      { file: 'm.safetensors.index.json', kind: 'index', missing: ['../x', '/etc/passwd'], count: 2 },
    ]);
  });

  test('may all be left out where another format beside them is whole', async () => {
    const both = {
      'model.safetensors.index.json': index('model.safetensors'),
      'model.safetensors': '',
      'pytorch_model.bin.index.json': index('a.bin', 'b.bin'),
    };
    expect(await of(both)).toEqual([]);
    expect(await of({ ...both, 'a.bin': '' })).toMatchObject([{ missing: ['b.bin'] }]);
    expect(await of({ 'pytorch_model.bin.index.json': index('a.bin', 'b.bin') })).toMatchObject([
      { count: 2 },
    ]);
  });

  test('may all be left out where whole weights are beside it, and no other file counts as that', async () => {
    const leftover = { 'q/model.safetensors.index.json': index('a.safetensors', 'b.safetensors') };
    const whole = ['model.safetensors', 'diffusion_pytorch_model.fp16.safetensors', 'gptq-4bit.safetensors'];
    for (const weights of [...whole, 'pytorch_model.bin', 'q4.gguf', 'tf_model.h5', 'consolidated.00.pth'])
      expect(await of({ ...leftover, [`q/${weights}`]: '' }), weights).toEqual([]);
    const others = [
      'training_args.bin',
      'adapter_model.safetensors',
      'adapter_model.bin',
      'm-00001-of-00001.safetensors',
    ];
    for (const other of [...others, 'sub/model.safetensors'])
      expect(await of({ ...leftover, [`q/${other}`]: '' }), other).toMatchObject([{ count: 2 }]);
    // One that is there makes it the format that was chosen.
    const some = { ...leftover, 'q/model.safetensors': '', 'q/a.safetensors': '' };
    expect(await of(some)).toMatchObject([{ missing: ['q/b.safetensors'] }]);
  });

  test('are there where a link to a directory leads to them', async () => {
    const files = [{ path: 'm.index.json', size: 1 }, { path: 'blobs' }, { path: 'blobs/a.bin', size: 1 }];
    const linked = async (name: string, target: string) =>
      await findIncomplete([...files, { path: 'w', target }], async () => Buffer.from(index(name)));
    expect(await linked('w/a.bin', 'blobs')).toEqual([]);
    expect(await linked('w/b.bin', 'blobs')).toMatchObject([{ missing: ['w/b.bin'] }]);
    expect(await linked('w2/a.bin', 'blobs')).toMatchObject([{ missing: ['w2/a.bin'] }]);
    // Of a name that no member can have it is soon known.
    expect(await linked('a/'.repeat(1_000_000), 'blobs')).toMatchObject([{ count: 1 }]);
  });

  test('are none in what is no index, or broken', async () => {
    const broken = ['', '{', '[]', 'null', '{"weight_map":7}', '{"weight_map":{"a":1}}', '"weight_map"'];
    for (const text of broken) expect(await of({ 'x.index.json': text })).toEqual([]);
    expect(await of({ 'not-an-index.json': index('x') })).toEqual([]);
  });
});

describe('parts that are numbered', () => {
  test('are told, counting from 1 or from 0', async () => {
    expect(await of({ 'q4/m-00002-of-00003.gguf': '', 'q4/n-00001-of-00001.gguf': '' })).toEqual([
      {
        file: 'q4/m-00002-of-00003.gguf',
        kind: 'numbered',
        missing: ['q4/m-00001-of-00003.gguf', 'q4/m-00003-of-00003.gguf'],
        count: 2,
      },
    ]);
    expect(await of({ 'v.data-00000-of-00002.bin': '' })).toMatchObject([
      { missing: ['v.data-00001-of-00002.bin'] },
    ]);
    expect(await of({ 'v-00000-of-00002.bin': '', 'v-00001-of-00002.bin': '' })).toEqual([]);
  });

  test('are not told again where an index has them', async () => {
    expect(
      await of({
        'm.safetensors.index.json': index('m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors'),
        'm-00001-of-00002.safetensors': '',
      }),
    ).toMatchObject([{ kind: 'index', missing: ['m-00002-of-00002.safetensors'] }]);
  });

  test('are kept to the first hundred, and counted', async () => {
    const [found] = await of({ 'm-00001-of-99999.gguf': '' });
    expect(found!.missing).toHaveLength(100);
    expect(found!.count).toBe(99_998);
  });
});

describe('the base model of an adapter', () => {
  const adapter = (base: unknown) => JSON.stringify({ base_model_name_or_path: base });

  test('is told where it is another model', async () => {
    expect(await of({ 'lora/adapter_config.json': adapter('org/base'), base: '' })).toEqual([
      { file: 'lora/adapter_config.json', kind: 'adapter', missing: ['org/base'], count: 1 },
    ]);
  });

  test('is none where it is a member, or not named', async () => {
    expect(await of({ 'lora/adapter_config.json': adapter('../base'), 'base/': '' })).toEqual([]);
    expect(await of({ 'lora/adapter_config.json': adapter('base'), 'base/': '' })).toEqual([]);
    for (const base of [null, '', 5, {}])
      expect(await of({ 'adapter_config.json': adapter(base) })).toEqual([]);
  });
});

describe('the tensors of an ONNX model', () => {
  test('are told where their file is not there', async () => {
    expect(await of({ 'onnx/m.onnx': onnx('m.onnx_data', 'm.onnx_data', 'w'), 'onnx/w': '' })).toEqual([
      { file: 'onnx/m.onnx', kind: 'external-data', missing: ['onnx/m.onnx_data'], count: 1 },
    ]);
  });

  test('are not looked for in what is no model', async () => {
    const sound = onnx('gone');
    for (let length = 0; length < sound.length; length++)
      expect((await of({ 'm.onnx': sound.slice(0, length) })).length).toBeLessThan(2);
    expect(await of({ 'm.onnx': 'not protocol buffers at all' })).toEqual([]);
    expect(await of({ 'm.onnx': sound })).toHaveLength(1);
  });
});

test('what cannot be loaded without comes first, and is not hidden by however many others', async () => {
  const adapters = Array.from({ length: 200 }, (_, at): [string, string] => [
    `${at}/adapter_config.json`,
    '{"base_model_name_or_path":"org/base"}',
  ]);
  const found = await of({
    ...Object.fromEntries(adapters),
    'g/m-00002-of-00003.gguf': '',
    'm.onnx': onnx('gone'),
    'z.index.json': index('z.bin'),
  });
  expect(found).toHaveLength(100);
  expect(found.slice(0, 3).map(({ kind }) => kind)).toEqual(['external-data', 'index', 'adapter']);
});

test('no more than 256 MiB are read, and of each file 16', async () => {
  const read: string[] = [];
  const all = Array.from({ length: 20 }, (_, at) => ({ path: `${at}.index.json`, size: 16 * 1_048_576 }));
  await findIncomplete([{ path: 'x.index.json', size: 16 * 1_048_576 + 1 }, ...all], async (path) => {
    read.push(path);
    return new Uint8Array();
  });
  expect(read).toEqual(all.slice(0, 16).map(({ path }) => path));
});

test('sealBundle tells of it before any work, and of what is public and left out, and seals', async () => {
  const source = await files.directory();
  await mkdir(join(source, '.git'));
  await writeFile(join(source, 'm.safetensors.index.json'), index('a.safetensors', 'b.safetensors'));
  await writeFile(join(source, 'a.safetensors'), 'a');
  await writeFile(join(source, 'b.safetensors'), 'b');
  const told: unknown[] = [];
  const done = await sealBundle(source, files.path('m.sealed'), {
    keys,
    public: ['*.json'],
    exclude: ['b.*'],
    onIncomplete: (one) => told.push(one.missing),
    onProgress: () => told.push('progress'),
  });
  expect(told.slice(0, 2)).toEqual([['b.safetensors'], 'progress']);
  expect(done).toMatchObject({ public: ['m.safetensors.index.json'], incomplete: [{ kind: 'index' }] });
});

test('a bundle is not sealed once more, unless that is asked for', async () => {
  const source = await files.directory();
  await writeFile(join(source, 'a'), 'a');
  const [once, twice] = [files.path('once.sealed'), files.path('twice.sealed')];
  await sealBundle(source, once, { keys });
  await expect(sealBundle(once, twice, { keys })).rejects.toMatchObject({ code: 'ALREADY_SEALED' });
  expect((await sealBundle(once, twice, { keys, sealAgain: true })).members).toBe(4);
});

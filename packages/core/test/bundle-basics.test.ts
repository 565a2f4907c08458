import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectBundle, openBundle, rewrapBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const key = new MemoryKey('bundles');
const keys = [key];

/** A model as they are: shards, configuration, a link, an empty directory, a program. */
async function model(): Promise<string> {
  const directory = await files.directory();
  await mkdir(join(directory, 'onnx/deep'), { recursive: true });
  await mkdir(join(directory, 'empty'));
  await writeFile(join(directory, 'config.json'), '{"a":1}');
  await writeFile(join(directory, 'nothing'), '');
  await writeFile(join(directory, 'model-00001.safetensors'), pattern(5_000_000));
  await writeFile(join(directory, 'onnx/deep/weights.bin'), pattern(100_000, 2));
  await writeFile(join(directory, 'run.sh'), '#!/bin/sh\n');
  await chmod(join(directory, 'run.sh'), 0o755);
  await symlink('../config.json', join(directory, 'onnx/config.json'));
  return directory;
}

describe('a bundle', () => {
  it('seals a directory, and opens to what it was', async () => {
    const [source, sealed, opened] = [await model(), files.path('m.sealed'), files.path('opened')];
    const done = await sealBundle(source, sealed, {
      keys,
      context: { model: 'tiny' },
      public: ['config.json'],
    });
    expect(done).toMatchObject({ members: 9, leftOut: [] });
    expect((await readdir(sealed, { recursive: true })).sort()).toEqual([
      'config.json',
      'model-00001.safetensors.sealed',
      'nothing.sealed',
      'onnx',
      'onnx/deep',
      'onnx/deep/weights.bin.sealed',
      'run.sh.sealed',
      'weightseal.json',
      'weightseal.manifest.json',
      'weightseal.table',
    ]);
    key.unwraps = 0;
    await using bundle = await openBundle(sealed, { keys, context: { model: 'tiny' } });
    const result = await bundle.openTo(opened, { digest: true });
    expect(result).toMatchObject({ members: 9, context: { model: 'tiny' }, digestVerified: true });
    for (const name of [
      'config.json',
      'nothing',
      'model-00001.safetensors',
      'onnx/deep/weights.bin',
      'run.sh',
    ])
      expect(await readFile(join(opened, name))).toEqual(await readFile(join(source, name)));
    expect(await readdir(join(opened, 'empty'))).toEqual([]);
    expect(await readlink(join(opened, 'onnx/config.json'))).toBe('../config.json');
    expect((await stat(join(opened, 'run.sh'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(opened, 'nothing'))).mode & 0o777).toBe(0o600);
    expect(key.unwraps).toBe(1);
  });

  it('is read anywhere, and as a stream, member by member', async () => {
    const [source, sealed] = [await model(), files.path('m.sealed')];
    await sealBundle(source, sealed, { keys, public: ['*.json'] });
    await using bundle = await openBundle(sealed, { keys });
    const weights = pattern(5_000_000);
    expect(await bundle.read('model-00001.safetensors', 4_999_990, 10)).toEqual(weights.slice(-10));
    expect(await collect(bundle.stream('model-00001.safetensors', { start: 7 }))).toEqual(weights.slice(7));
    expect(Buffer.from(await bundle.read('onnx/config.json', 1, 3)).toString()).toBe('"a"');
    await using one = await bundle.open('onnx/deep/weights.bin');
    expect(one.size).toBe(100_000);
  });

  it('shows without a key what it may, and verifies with one', async () => {
    const [source, sealed] = [await model(), files.path('m.sealed')];
    const { id } = await sealBundle(source, sealed, { keys, context: { model: 'tiny' } });
    expect(await inspectBundle(sealed)).toMatchObject({ id, context: { model: 'tiny' }, generation: 1 });
    expect(await verifyBundle(sealed, { keys })).toMatchObject({ id, members: 9, digestVerified: true });
  });

  it('is rewrapped by its envelope alone', async () => {
    const [source, sealed] = [await model(), files.path('m.sealed')];
    await sealBundle(source, sealed, { keys });
    const others = (await readdir(sealed, { recursive: true, withFileTypes: true })).filter(
      (one) => one.isFile() && one.name !== 'weightseal.json',
    );
    const times = () =>
      Promise.all(
        others.map(async (one) => (await stat(join(one.parentPath, one.name), { bigint: true })).ctimeNs),
      );
    const before = await times();
    const other = new MemoryKey('other');
    expect(await rewrapBundle(sealed, { keys, add: [other], remove: [key.uri] })).toMatchObject({
      generation: 2,
    });
    expect(await times()).toEqual(before);
    expect(await verifyBundle(sealed, { keys: [other] })).toMatchObject({ members: 9, extra: [] });
    await expect(verifyBundle(sealed, { keys })).rejects.toEqual(code('UNWRAP_REJECTED'));
  });
});

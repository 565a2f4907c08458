import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bufferSource, type KeyWrapper } from '@weightseal/core';
import { type LoadedModel, load, type PlaceOptions } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from './support/sealed-model.js';

const SIZE = 5_000_003;
const context = { model: 'llama', version: '3' };
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let model: SealedModel & AsyncDisposable;
beforeAll(async () => {
  model = await sealedModel(SIZE, { context });
});
afterAll(() => model[Symbol.asyncDispose]());

/** What of ours stands in /dev/shm. */
function ours(): string[] {
  return readdirSync('/dev/shm').filter(
    (name) => name.startsWith(`weightseal-`) && name.includes(`-${process.pid}-`),
  );
}

const options = (more: PlaceOptions = {}) => ({ keys: model.keys, context, ...more });

const PLACES: Record<string, PlaceOptions> = {
  'wherever is best': {},
  'wherever is best, without a name': { nameless: true },
  'a tmpfs that is there': { where: 'existing' },
  'a tmpfs that is there, without a name': { where: 'existing', nameless: true },
  'a directory that is named': { directory: '/dev/shm' },
};

describe.runIf(process.platform === 'linux')('a sealed file is loaded into memory (on Linux)', () => {
  describe.each(Object.entries(PLACES))('%s', (_, where) => {
    test('by a path with exactly the plaintext, mode 0600, until it is disposed of', async () => {
      const loaded = await load(model.path, options(where));
      expect(Buffer.compare(await readFile(loaded.path), model.plaintext)).toBe(0);
      expect(loaded).toMatchObject({ size: SIZE, context, digest: expect.stringMatching(/^sha256:/) });
      expect(loaded.placement.nameless).toBe(where.nameless ?? false);
      const stats = await stat(loaded.path);
      expect(stats.mode & 0o7777).toBe(0o600);
      expect(stats.nlink).toBe(where.nameless ? 0 : 1);
      if (!where.nameless) expect(basename(loaded.path)).toBe('model.onnx');
      expect(Buffer.compare(await loaded.bytes(), model.plaintext)).toBe(0);
      expect(await loaded.dispose()).toBe('wiped');
      await expect(readFile(loaded.path)).rejects.toThrow();
      expect(ours()).toEqual([]);
    });

    test('and whoever still has it open then reads what it is, and no zeros', async () => {
      const loaded = await load(model.path, options(where));
      await using file = await open(loaded.path);
      expect(await loaded.dispose()).toBe('open');
      await expect(stat(loaded.path)).rejects.toThrow();
      expect(Buffer.compare(await file.readFile(), model.plaintext)).toBe(0);
    });

    test('nothing is left when a segment was changed', async () => {
      const bytes = await readFile(model.path);
      bytes[bytes.length - 2_000_000]! ^= 1;
      await expect(load(bufferSource(bytes), options(where))).rejects.toEqual(code('SEGMENT_TAMPERED'));
      expect(ours()).toEqual([]);
    });

    test('nor when it is aborted half-way', async () => {
      const aborting = new AbortController();
      const loading = load(model.path, {
        ...options(where),
        signal: aborting.signal,
        onProgress: ({ bytes }) => bytes > 0 && aborting.abort(),
      });
      await expect(loading).rejects.toEqual(code('ABORTED'));
      expect(ours()).toEqual([]);
    });
  });

  test('the place is in memory, and says which', async () => {
    await using own = await load(model.path, options());
    await using existing = await load(model.path, options({ where: 'existing' }));
    expect(['own-tmpfs', 'tmpfs']).toContain(own.placement.kind);
    expect(existing.placement.kind).toBe('tmpfs');
    expect(dirname(dirname(existing.path))).toBe('/dev/shm');
    expect((await stat(dirname(existing.path))).mode & 0o7777).toBe(0o700);
  });

  test('no tmpfs of our own is in any list of mounts', async () => {
    await using loaded = await load(model.path, options());
    expect(loaded.size).toBe(SIZE);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toMatch(/ - tmpfs weightseal /);
  });

  test('a disk is refused, and used when that is asked for', async () => {
    const { directory } = model;
    await expect(load(model.path, options({ directory }))).rejects.toEqual(code('MEMORY_FS_REQUIRED'));
    await using loaded = await load(model.path, options({ directory, allowDisk: true }));
    expect(loaded.placement).toMatchObject({ kind: 'disk', swap: 'possible' });
    expect(loaded.placement.warnings.join()).toMatch(/on a disk/);
    expect(await loaded.dispose()).toBe('freed');
    expect(readdirSync(directory).sort()).toEqual([
      'key',
      'model.onnx.sealed',
      'model.onnx.sealed.weightseal.manifest.json',
    ]);
  });

  test('one call to a key is made, and none when the context is another', async () => {
    let calls = 0;
    const [real] = model.keys as [KeyWrapper];
    const counting: KeyWrapper = {
      provider: real.provider,
      uri: real.uri,
      wrap: (...args) => real.wrap(...args),
      unwrap: (...args) => {
        calls++;
        return real.unwrap(...args);
      },
    };
    await using loaded = await load(model.path, { keys: [counting], context });
    expect([loaded.size, calls]).toEqual([SIZE, 1]);
    const other = { ...context, version: '4' };
    await expect(load(model.path, { keys: [counting], context: other })).rejects.toEqual(
      code('CONTEXT_MISMATCH'),
    );
    expect(calls).toBe(1);
  });

  test('several at once keep out of each other’s way', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => load(model.path, options())));
    expect(new Set(all.map(({ path }) => path)).size).toBe(8);
    for (const one of all) expect(Buffer.compare(await readFile(one.path), model.plaintext)).toBe(0);
    await using kept = await open(all[3]!.path);
    const released = await Promise.all(all.map((one: LoadedModel) => one.dispose()));
    expect(released).toEqual(all.map((_, index) => (index === 3 ? 'open' : 'wiped')));
    expect(Buffer.compare(await kept.readFile(), model.plaintext)).toBe(0);
    expect(ours()).toEqual([]);
  });

  test('disposing twice is once, and bytes afterwards are refused', async () => {
    const loaded = await load(model.path, options());
    expect(await Promise.all([loaded.dispose(), loaded.dispose()])).toEqual(['wiped', 'wiped']);
    await expect(loaded.bytes()).rejects.toEqual(code('INVALID_ARGUMENT'));
  });

  test('bytes that are being read are whole, whenever it is disposed of', async () => {
    for (const wait of [0, 1, 2]) {
      const loaded = await load(model.path, options());
      const reading = loaded.bytes();
      await new Promise((resolve) => setTimeout(resolve, wait));
      expect(await loaded.dispose()).toBe('wiped');
      expect(Buffer.compare(await reading, model.plaintext)).toBe(0);
    }
  });

  test('where an ancestor of the place is somebody else’s to rename, the path goes by the descriptor', async ({
    skip,
  }) => {
    skip(process.geteuid?.() !== 0, 'only root can give a directory away');
    const shared = mkdtempSync('/dev/shm/weightseal-shared-');
    try {
      const inner = join(shared, 'inner');
      mkdirSync(inner);
      chownSync(shared, 65_534, 65_534);
      await using loaded = await load(model.path, options({ directory: inner }));
      expect(loaded.path).toMatch(/^\/proc\/[0-9]+\/fd\/[0-9]+\/model.onnx$/);
      expect(Buffer.compare(await readFile(loaded.path), model.plaintext)).toBe(0);
    } finally {
      rmSync(shared, { recursive: true });
    }
  });

  test('a place that does not exist is no missing input', async () => {
    await expect(load(model.path, options({ directory: '/no/such' }))).rejects.toEqual(code('IO_ERROR'));
    await expect(load(model.path, options({ directory: '/dev/shm', where: 'own' }))).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    );
  });

  test('an empty file is a file too', async () => {
    await using empty = await sealedModel(0);
    await using loaded = await load(empty.path, { keys: empty.keys });
    expect([loaded.size, (await readFile(loaded.path)).length, (await loaded.bytes()).length]).toEqual([
      0, 0, 0,
    ]);
  });

  test('what is no sealed file is told before anything is mounted', async () => {
    const path = `${model.directory}/plain`;
    await writeFile(path, 'no sealed file at all');
    await expect(load(path, options())).rejects.toEqual(code('NOT_SEALED'));
    await expect(load(`${path}-absent`, options())).rejects.toEqual(code('INPUT_NOT_FOUND'));
  });

  test('a hostile original name does not become a path', async () => {
    const { sealToFile } = await import('@weightseal/core');
    for (const [name, becomes] of [
      ['.hidden.onnx', 'model.onnx'],
      ['-rf.gguf', 'model.gguf'],
      ['a b;c.onnx', 'model.onnx'],
    ] as const) {
      const path = `${model.directory}/x`;
      await sealToFile(bufferSource(Buffer.from('x')), path, { keys: model.keys, name, overwrite: true });
      await using loaded = await load(path, { keys: model.keys, where: 'existing' });
      expect(basename(loaded.path)).toBe(becomes);
    }
  });
});

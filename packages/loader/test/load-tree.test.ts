import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleModel } from '../src/bundle.js';
import { loadTree } from '../src/load-bundle.js';
import type { LoadedModel } from '../src/loaded.js';
import type { PlaceOptions } from '../src/place/choose.js';
import { bytesOf, type Contents, modelDirectory, plainBundle } from './support/plain-bundle.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const errno = (expected: string): unknown => expect.objectContaining({ code: expected });
const contents = modelDirectory();
const files = Object.entries(contents).flatMap(([path, what]) =>
  what !== null && !('to' in what) ? [[path, bytesOf(what)] as const] : [],
);

/** What of ours stands in /dev/shm. */
function ours(): string[] {
  return readdirSync('/dev/shm').filter((name) => new RegExp(`^weightseal-\\d+-${process.pid}-`).test(name));
}

const loadIt = (where: PlaceOptions, what: Contents = contents): Promise<LoadedModel> =>
  loadTree(bundleModel(plainBundle(what)), '/models/tiny.sealed', { keys: [], ...where });

const PLACES: Record<string, PlaceOptions> = {
  'wherever is best': {},
  'a tmpfs that is there': { where: 'existing' },
  'a directory that is named': { directory: '/dev/shm' },
};

describe.runIf(process.platform === 'linux')('a bundle is loaded into memory (on Linux)', () => {
  describe.each(Object.entries(PLACES))('%s', (_, where) => {
    test('as a directory of its own name, of real files with exactly their names, sizes and bytes', async () => {
      await using loaded = await loadIt(where);
      expect(basename(loaded.path)).toBe('tiny-model');
      const found = readdirSync(loaded.path, { recursive: true }).map(String).sort();
      expect(found).toEqual(Object.keys(contents).sort());
      for (const [path, bytes] of files) {
        const stats = lstatSync(join(loaded.path, path));
        expect([stats.isFile(), stats.nlink, stats.size]).toEqual([true, 1, bytes.length]);
        expect(Buffer.compare(readFileSync(join(loaded.path, path)), bytes)).toBe(0);
      }
      expect(readlinkSync(join(loaded.path, 'onnx/latest'))).toBe('weights/模型 [1].bin');
      expect(statSync(join(loaded.path, 'onnx/latest')).size).toBe(70_000);
    });

    test('that can only be read, by its user alone', async () => {
      await using loaded = await loadIt(where);
      const modes = ['.', 'onnx', 'config.json', 'backend.so'].map(
        (path) => statSync(join(loaded.path, path)).mode & 0o7777,
      );
      expect(modes).toEqual([0o500, 0o500, 0o400, 0o400]);
      if (loaded.placement.kind !== 'own-tmpfs') return;
      // Root too.
      await expect(writeFile(join(loaded.path, 'new'), 'x')).rejects.toEqual(errno('EROFS'));
      await expect(open(join(loaded.path, 'config.json'), 'r+')).rejects.toEqual(errno('EROFS'));
    });

    test('in which what is absent is absent', async () => {
      await using loaded = await loadIt(where);
      for (const path of ['adapter_config.json', 'onnx/none', 'none/none'])
        await expect(readFile(join(loaded.path, path))).rejects.toEqual(errno('ENOENT'));
      await expect(readFile(join(loaded.path, 'config.json/none'))).rejects.toEqual(errno('ENOTDIR'));
    });

    test('and nothing is left when it is disposed of', async () => {
      const loaded = await loadIt(where);
      expect(await Promise.all([loaded.dispose(), loaded.dispose()])).toEqual(['wiped', 'wiped']);
      expect(() => statSync(loaded.path)).toThrow();
      expect(ours()).toEqual([]);
    });

    test('what somebody has open or maps stays what it is, and the rest is wiped', async () => {
      const loaded = await loadIt(where);
      await using shard = await open(join(loaded.path, 'model-00001-of-00002.safetensors'));
      await using config = await open(join(loaded.path, 'config.json'));
      const other = loaded.path.startsWith('/dev/shm') ? `${loaded.path}/empty.txt` : undefined;
      expect(await loaded.dispose()).toBe('open');
      expect(
        Buffer.compare(
          await shard.readFile(),
          bytesOf(contents['model-00001-of-00002.safetensors'] as Buffer),
        ),
      ).toBe(0);
      expect(await config.readFile('utf8')).toBe('{"model_type":"tiny"}');
      if (other) expect(() => statSync(other)).toThrow();
      expect(ours()).toEqual([]);
    });

    test('one file is released for itself, and the others stay', async () => {
      await using loaded = await loadIt(where);
      expect(await loaded.release('onnx/model.onnx')).toBe('wiped');
      expect(() => statSync(join(loaded.path, 'onnx/model.onnx'))).toThrow(errnoText('ENOENT'));
      for (const path of ['.', 'onnx']) expect(statSync(join(loaded.path, path)).mode & 0o777).toBe(0o500);
      expect(readdirSync(loaded.path, { recursive: true })).toHaveLength(Object.keys(contents).length - 1);
      expect(Buffer.compare(await loaded.bytes('config.json'), Buffer.from('{"model_type":"tiny"}'))).toBe(0);
      await expect(loaded.release('onnx/model.onnx')).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(loaded.bytes('../x')).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(loaded.bytes()).rejects.toEqual(code('INVALID_ARGUMENT'));
    });

    test('nothing is left of one that was aborted half-way', async () => {
      const aborting = new AbortController();
      const model = bundleModel(plainBundle(contents));
      const options = {
        keys: [],
        ...where,
        signal: aborting.signal,
        onProgress: ({ bytes }: { bytes: number }) => bytes === 4 && aborting.abort(),
      };
      await expect(loadTree(model, 'x.sealed', options)).rejects.toThrow();
      expect(ours()).toEqual([]);
    });
  });

  test('in a tmpfs that is there it has a path that resolves to itself, in a directory of mode 0700', async () => {
    await using loaded = await loadIt({ where: 'existing' });
    expect(realpathSync(loaded.path)).toBe(loaded.path);
    expect(statSync(dirname(loaded.path)).mode & 0o7777).toBe(0o700);
  });

  test('on a disk, where that is allowed, it is removed and not wiped', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weightseal-disk-'));
    try {
      const loaded = await loadIt({ directory, allowDisk: true });
      expect(loaded.placement.kind).toBe('disk');
      expect(await loaded.release('config.json')).toBe('freed');
      expect(readdirSync(loaded.path)).not.toContain('config.json');
      expect(await loaded.dispose()).toBe('freed');
      expect(readdirSync(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('executable bits are there where that is allowed, and can be used', async () => {
    const script = { 'run.sh': { run: Buffer.from('#!/bin/sh\necho ran\n') } };
    await using plain = await loadIt({}, script);
    expect(() => execFileSync(join(plain.path, 'run.sh'))).toThrow(/EACCES/);
    await using loaded = await loadIt({ allowExec: true }, script);
    expect(statSync(join(loaded.path, 'run.sh')).mode & 0o777).toBe(0o500);
    expect(execFileSync(join(loaded.path, 'run.sh'), { encoding: 'utf8' })).toBe('ran\n');
  });

  test.each(['../out', '/out', 'a/../../out', 'a//b', 'a\0b'])(
    'a member %j is refused whatever core says',
    async (path) => {
      await expect(loadIt({}, { [path]: Buffer.from('x') })).rejects.toEqual(code('INVALID_ARGUMENT'));
      expect(ours()).toEqual([]);
    },
  );

  test.each(['../out', '/etc/passwd', 'a/../../out'])(
    'a link to %j is refused whatever core says',
    async (to) => {
      await expect(loadIt({}, { link: { to } })).rejects.toEqual(code('INVALID_ARGUMENT'));
    },
  );

  test('a directory has names also where none are asked for, which is told where that is less', async () => {
    await using own = await loadIt({ nameless: true });
    await using existing = await loadIt({ nameless: true, where: 'existing' });
    if (own.placement.kind === 'own-tmpfs') expect(own.placement.warnings.join()).not.toMatch(/names/);
    expect(existing.placement).toMatchObject({ nameless: false });
    expect(existing.placement.warnings.join()).toMatch(/has names/);
  });

  test('nobody but root can give it to somebody else', async ({ skip }) => {
    skip(process.geteuid?.() !== 0, 'that takes root');
    const uid = 12_345;
    await using loaded = await loadIt({ where: 'existing', owner: { uid } });
    const options = { uid, gid: uid, encoding: 'utf8' } as const;
    expect(execFileSync('cat', [join(loaded.path, 'config.json')], options)).toBe('{"model_type":"tiny"}');
    expect(statSync(join(loaded.path, 'onnx/model.onnx'))).toMatchObject({ uid, gid: uid });
    expect(() =>
      execFileSync('cat', [join(loaded.path, 'config.json')], { uid: uid + 1, stdio: 'pipe' }),
    ).toThrow();
    // It gets there, and sees nothing else.
    expect(() => execFileSync('ls', [dirname(loaded.path)], { ...options, stdio: 'pipe' })).toThrow();
  });
});

function errnoText(name: string): RegExp {
  return new RegExp(name);
}

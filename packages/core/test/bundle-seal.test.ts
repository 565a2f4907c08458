import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type LeftOut, openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treeOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('bundles')];

/** What comes out of a bundle of the directory. */
async function through(
  source: string,
  options: Partial<Parameters<typeof sealBundle>[2]> = {},
): Promise<Record<string, string>> {
  const [sealed, opened] = [files.path('sealed'), files.path('opened')];
  await sealBundle(source, sealed, { keys, ...options });
  await using bundle = await openBundle(sealed, { keys });
  await bundle.openTo(opened, { digest: true });
  return await treeOf(opened);
}

async function refusedAt(
  path: string,
  make: (at: string) => Promise<unknown> = (at) => writeFile(at, ''),
): Promise<string> {
  const source = await files.directory();
  await mkdir(dirname(join(source, path)), { recursive: true });
  await make(join(source, path));
  const key = new MemoryKey('bundles');
  const output = await files.directory();
  const error = await refusal(() => sealBundle(source, join(output, 'sealed'), { keys: [key] }));
  expect(key.calls).toBe(0);
  expect(await readdir(output)).toEqual([]);
  return error.code;
}

describe('any tree', () => {
  const name = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter(
      (one) =>
        !/[\p{Cc}\\/\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(one) && !/^\.{1,2}$/.test(one),
    )
    // Left out by name, or by what it holds: other tests are about those.
    .map((one) => `${one}_`);
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const size = fc.oneof(fc.nat(200), fc.constantFrom(0, 31, 32, 33, 64));
  const tree = fc.array(fc.tuple(path, size, fc.boolean()), { maxLength: 12 });

  it('comes out as it was', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (members, hideNames) => {
        const source = await files.directory();
        const open: string[] = [];
        for (const [at, length, isPublic] of members) {
          // What is in the way of another, or not to be told from it elsewhere, is not written.
          if (await collides(source, at)) continue;
          await writeTree(source, [[at, pattern(length, length)]]);
          if (isPublic) open.push(at.replace(/[*?[\]{}\\]/g, '\\$&'));
        }
        const options = {
          hideNames,
          segmentLength: 64,
          ...(open.length > 0 && { public: open.map((one) => `/${one}`) }),
        };
        expect(await through(source, options)).toEqual(await treeOf(source));
      }),
      { numRuns: 60 },
    );
  });
});

async function collides(source: string, path: string): Promise<boolean> {
  const fold = (one: string) => one.normalize('NFC').toLowerCase().toUpperCase().normalize('NFC');
  const there = await readdir(source, { recursive: true });
  const names = path.split('/');
  const all = names.map((_name, index) => names.slice(0, index + 1).join('/'));
  return (
    all.some((one) => there.some((other) => fold(other) === fold(one) && other !== one)) ||
    there.includes(path) ||
    (await anyFile(source, all.slice(0, -1)))
  );
}

async function anyFile(source: string, paths: readonly string[]): Promise<boolean> {
  const found = await readdir(source, { recursive: true, withFileTypes: true });
  return paths.some((path) =>
    found.some((one) => one.isFile() && join(one.parentPath, one.name) === join(source, path)),
  );
}

describe('what is kept', () => {
  it('names of 255 bytes, whose payloads have shorter ones', async () => {
    const source = await writeTree(await files.directory(), [
      ['n'.repeat(255), 'x'],
      ['é'.repeat(127), 'y'],
    ]);
    expect(await through(source)).toEqual(await treeOf(source));
  });

  it('64 names one in the other, and no more', async () => {
    const deep = Array.from({ length: 64 }, () => 'd').join('/');
    const source = await writeTree(await files.directory(), [[deep, 'x']]);
    expect(await through(source)).toEqual(await treeOf(source));
    expect(await refusedAt(`${deep}/e`)).toBe('PATH_INVALID');
  });

  it('a member beside one whose payload would have its name', async () => {
    const source = await writeTree(await files.directory(), [
      ['a', '1'],
      ['a.sealed', '2'],
      ['a.sealed.sealed', '3'],
      ['b', '4'],
      ['b.sealed/c', '5'],
      ['weightseal.table', '6'],
    ]);
    expect(await through(source)).toEqual(await treeOf(source));
    expect(await through(source, { public: ['a.sealed', 'b.sealed'] })).toEqual(await treeOf(source));
  });

  it('an empty directory, as a bundle without members', async () => {
    expect(await through(await files.directory())).toEqual({});
  });

  it('links within, to where they lead in the end', async () => {
    const source = await writeTree(await files.directory(), [
      ['v1/model', 'x'],
      ['shared', 'y'],
    ]);
    await symlink('v1', join(source, 'latest'));
    await symlink('../shared', join(source, 'v1x'));
    await rm(join(source, 'v1x'));
    await mkdir(join(source, 'sub'));
    await symlink('../latest/model', join(source, 'sub/m'));
    await symlink(join(source, 'shared'), join(source, 'absolute'));
    expect(await through(source)).toEqual({
      ...(await treeOf(source)),
      'sub/m': '-> ../v1/model',
      absolute: '-> shared',
    });
  });
});

describe('what is refused before any key is asked', () => {
  it.each([
    ['a control character', 'a\nb'],
    ['a backslash', 'a\\b'],
    ['a character that turns the direction', 'a\u202egnp'],
    ['a directory like that', 'a\u0001/b'],
  ])('%s', async (_what, path) => {
    expect(await refusedAt(path)).toBe('PATH_INVALID');
  });

  it('a name that is not UTF-8', async () => {
    const source = await files.directory();
    await writeFile(Buffer.concat([Buffer.from(`${source}/a`), Buffer.of(0xff)]), '');
    expect(await refusal(() => sealBundle(source, files.path('out'), { keys }))).toMatchObject({
      code: 'PATH_INVALID',
    });
  });

  it('names that differ only in case, or in how their letters are composed', async () => {
    for (const [one, other] of [
      ['Model', 'model'],
      ['\u00e9', 'e\u0301'],
      ['straße', 'STRASSE'],
      ['A/x', 'a/y'],
    ] as const)
      expect(
        await refusedAt(one, async (at) => {
          await writeFile(at, '');
          await mkdir(dirname(at.replace(one, other)), { recursive: true });
          await writeFile(at.replace(one, other), '');
        }),
        one,
      ).toBe('PATH_INVALID');
  });

  it('a device or a pipe', async () => {
    expect(await refusedAt('pipe', (at) => promisify(execFile)('mkfifo', [at]))).toBe('PATH_INVALID');
  });

  it('links that lead out, to nothing, round in a circle', async () => {
    const outside = files.path('outside');
    await writeFile(outside, 'secret');
    expect(await refusedAt('l', (at) => symlink(outside, at))).toBe('LINK_INVALID');
    expect(await refusedAt('l', (at) => symlink('/etc', at))).toBe('LINK_INVALID');
    expect(await refusedAt('l', (at) => symlink('nothing', at))).toBe('LINK_INVALID');
    expect(await refusedAt('l', (at) => symlink('l', at))).toBe('LINK_INVALID');
    expect(await refusedAt('d/l', (at) => symlink('.', at))).toBe('LINK_INVALID');
    expect(await refusedAt('d/l', (at) => symlink('..', at))).toBe('LINK_INVALID');
  });

  it('a public member whose name the bundle needs', async () => {
    const source = await writeTree(await files.directory(), [['weightseal.json', '{}']]);
    await expect(sealBundle(source, files.path('out'), { keys, public: ['*'] })).rejects.toEqual(
      code('PATH_INVALID'),
    );
    expect(await through(source)).toEqual(await treeOf(source));
  });

  it('an output that is there, and not empty', async () => {
    const source = await writeTree(await files.directory(), [['a', 'x']]);
    const out = await writeTree(await files.directory(), [['b', 'y']]);
    await expect(sealBundle(source, out, { keys })).rejects.toEqual(code('OUTPUT_EXISTS'));
    expect(await treeOf(out)).toMatchObject({ b: expect.anything() });
    const empty = await files.directory();
    await sealBundle(source, empty, { keys });
    expect(await verifyBundle(empty, { keys })).toMatchObject({ members: 1 });
  });
});

describe('an output that is there is replaced', () => {
  it('where it is a bundle, by a bundle', async () => {
    const source = await writeTree(await files.directory(), [['a', 'x']]);
    const old = await writeTree(await files.directory(), [['b', 'y']]);
    const out = files.path('out');
    await sealBundle(old, out, { keys });
    await sealBundle(source, out, { keys, overwrite: true });
    expect(await verifyBundle(out, { keys })).toMatchObject({ members: 1 });
    expect((await readdir(dirname(out))).filter((name) => /weightseal-(old|tmp)/.test(name))).toEqual([]);
  });

  it('never where it is a directory of something else, however much that is insisted on', async () => {
    const source = await writeTree(await files.directory(), [['a', 'x']]);
    const home = await writeTree(await files.directory(), [['thesis', 'y']]);
    await expect(sealBundle(source, home, { keys, overwrite: true })).rejects.toThrow(
      expect.objectContaining({ code: 'OUTPUT_EXISTS', message: expect.stringContaining('"thesis"') }),
    );
    expect(await treeOf(home)).toMatchObject({ thesis: expect.anything() });
  });

  it('where all that was opened there is opened again', async () => {
    const source = await writeTree(await files.directory(), [
      ['d/a', 'x'],
      ['d/b', 'y'],
      ['c', 'z'],
    ]);
    const sealed = files.path('out');
    await sealBundle(source, sealed, { keys });
    const to = files.path('opened');
    await using bundle = await openBundle(sealed, { keys });
    await bundle.openTo(to);
    await writeFile(join(to, 'c'), 'changed');
    await bundle.openTo(to, { overwrite: true });
    expect(await treeOf(to)).toEqual(await treeOf(source));
    await expect(bundle.openTo(to, { overwrite: true, only: ['d/a'] })).rejects.toEqual(
      code('OUTPUT_EXISTS'),
    );
    await writeFile(join(to, 'd/mine'), 'mine');
    await expect(bundle.openTo(to, { overwrite: true })).rejects.toThrow(
      expect.objectContaining({ code: 'OUTPUT_EXISTS', message: expect.stringContaining('"d/mine"') }),
    );
    expect(await readFile(join(to, 'd/mine'), 'utf8')).toBe('mine');
  });
});

describe('what is left out', () => {
  it('is version control, caches, locks and what weightseal left, and is told', async () => {
    const source = await writeTree(await files.directory(), [
      ['.git/HEAD', 'x'],
      ['.cache/huggingface/x.lock', ''],
      ['sub/__pycache__/a.pyc', ''],
      ['.DS_Store', ''],
      ['x.lock', ''],
      ['.0123.weightseal-lock', ''],
      ['.0123456789abcdef.weightseal-tmp/plaintext', ''],
      ['.gitattributes', 'kept'],
      ['model', 'kept'],
    ]);
    const told: LeftOut[] = [];
    const sealed = files.path('sealed');
    const done = await sealBundle(source, sealed, { keys, onLeftOut: (one) => told.push(one) });
    expect(told.map(({ path }) => path).sort()).toEqual([
      '.0123.weightseal-lock',
      '.0123456789abcdef.weightseal-tmp',
      '.DS_Store',
      '.cache',
      '.git',
      'sub/__pycache__',
      'x.lock',
    ]);
    expect(done.leftOut).toEqual(told);
    await using bundle = await openBundle(sealed, { keys });
    expect(bundle.members().map(({ path }) => path)).toEqual(['.gitattributes', 'model', 'sub']);
  });

  it('is what globs say', async () => {
    const source = await writeTree(await files.directory(), [
      ['a.bin', '1'],
      ['a.safetensors', '2'],
      ['sub/b.safetensors', '3'],
      ['sub/c.bin', '4'],
      ['x.lock', '5'],
      ['e/f', '6'],
    ]);
    expect(Object.keys(await through(source, { include: ['*.safetensors', 'x.lock'] }))).toEqual([
      'a.safetensors',
      'sub',
      'sub/b.safetensors',
      'x.lock',
    ]);
    expect(Object.keys(await through(source, { exclude: ['*.bin', 'e'] }))).toEqual([
      'a.safetensors',
      'sub',
      'sub/b.safetensors',
    ]);
    expect(Object.keys(await through(source, { include: ['sub/**'], exclude: ['**/[bz]*'] }))).toEqual([
      'sub',
      'sub/c.bin',
    ]);
    await expect(sealBundle(source, files.path('o'), { keys, include: ['{a,b}'] })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    );
  });

  it('is told where a glob names nothing', async () => {
    const source = await writeTree(await files.directory(), [
      ['a.bin', '1'],
      ['secret', '2'],
    ]);
    const done = await sealBundle(source, files.path('o'), {
      keys,
      include: ['*', 'a.*', 'b'],
      exclude: ['secert', 'secret'],
      public: ['*.json', 'secret'],
    });
    expect(done).toMatchObject({
      members: 1,
      unmatched: [
        { option: 'include', glob: 'b' },
        { option: 'exclude', glob: 'secert' },
        { option: 'public', glob: '*.json' },
        { option: 'public', glob: 'secret' },
      ],
    });
  });

  it('is the same whichever way letters are composed, in a name or in a glob', async () => {
    const [composed, apart] = ['geheimé', 'geheime\u0301'];
    for (const [name, glob] of [
      [composed, apart],
      [apart, composed],
      [apart, 'geheim?'],
    ] as const) {
      const source = await writeTree(await files.directory(), [
        [name, 'secret'],
        ['a', '1'],
      ]);
      expect(Object.keys(await through(source, { exclude: [glob] })), glob).toEqual(['a']);
    }
  });

  it('is the output itself, where that lies within', async () => {
    const source = await writeTree(await files.directory(), [['a', 'x']]);
    await sealBundle(source, join(source, 'out.sealed'), { keys });
    expect(await verifyBundle(join(source, 'out.sealed'), { keys })).toMatchObject({ members: 1 });
  });
});

describe('a snapshot of the Hugging Face cache', () => {
  async function cache(blob: string): Promise<string> {
    const root = await files.directory();
    const repository = join(root, 'models--org--tiny');
    await writeTree(repository, [
      ['blobs/abc', 'weights'],
      ['blobs/def', 'config'],
    ]);
    await mkdir(join(repository, 'snapshots/123/onnx'), { recursive: true });
    await symlink(`../../blobs/${blob}`, join(repository, 'snapshots/123/model.safetensors'));
    await symlink('../../../blobs/def', join(repository, 'snapshots/123/onnx/config.json'));
    await writeFile(join(root, 'outside'), 'secret');
    await symlink('../../outside', join(repository, 'blobs/link'));
    return join(repository, 'snapshots/123');
  }

  it('is sealed as the files that its links lead to', async () => {
    const opened = await through(await cache('abc'));
    expect(opened).toEqual({
      'model.safetensors': Buffer.from('weights').toString('base64'),
      onnx: 'directory',
      'onnx/config.json': Buffer.from('config').toString('base64'),
    });
  });

  it('is refused where they lead to anything else', async () => {
    for (const blob of ['link', '../../outside', 'nothing'])
      await expect(sealBundle(await cache(blob), files.path('o'), { keys }), blob).rejects.toEqual(
        code('LINK_INVALID'),
      );
  });
});

describe('a part of a bundle', () => {
  it('needs no more than itself', async () => {
    const source = await writeTree(await files.directory(), [
      ['model-1', '1'],
      ['model-2', '2'],
      ['sub/a', '3'],
      ['sub/b', '4'],
    ]);
    const sealed = files.path('sealed');
    await sealBundle(source, sealed, { keys });
    await rm(join(sealed, 'model-2.sealed'));
    await using bundle = await openBundle(sealed, { keys });
    const opened = files.path('opened');
    expect(await bundle.openTo(opened, { only: ['model-1*', 'sub/b'] })).toMatchObject({
      members: 3,
      size: 2,
    });
    expect(Object.keys(await treeOf(opened))).toEqual(['model-1', 'sub', 'sub/b']);
    await expect(bundle.openTo(files.path('o'), { only: ['none'] })).rejects.toEqual(
      code('MEMBER_NOT_FOUND'),
    );
    await expect(bundle.openTo(files.path('o'))).rejects.toEqual(code('MEMBER_MISSING'));
    await expect(bundle.read('sub', 0, 1)).rejects.toEqual(code('MEMBER_NOT_FOUND'));
    await expect(bundle.read('none', 0, 1)).rejects.toEqual(code('MEMBER_NOT_FOUND'));
  });

  it('is written where the caller says', async () => {
    const source = await writeTree(await files.directory(), [
      ['a/b', 'x'],
      ['c', pattern(5_000_000)],
    ]);
    await symlink('c', join(source, 'l'));
    const sealed = files.path('sealed');
    await sealBundle(source, sealed, { keys });
    await using bundle = await openBundle(sealed, { keys });
    const place = await files.directory();
    await bundle.writeTo(place);
    expect(await treeOf(place)).toEqual(await treeOf(source));
    await expect(bundle.writeTo(place)).rejects.toEqual(code('OUTPUT_EXISTS'));
    await bundle.close();
    await expect(bundle.verify()).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(readFile(sealed)).rejects.toThrow();
  });
});

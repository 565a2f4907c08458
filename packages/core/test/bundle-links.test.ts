import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ErrorCode,
  inspectBundle,
  openBundle,
  resealBundle,
  rewrapBundle,
  sealBundle,
  verifyBundle,
} from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyOf, treeOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('links')];
let source: string;
let sound: string;

beforeAll(async () => {
  source = await writeTree(await files.directory(), [
    ['a', pattern(100, 1)],
    ['config.json', '{"a":1}'],
    ['large', pattern(5_000_000, 2)],
    ['sub/b', pattern(100, 3)],
    ['sub/deep/c', pattern(100, 4)],
    ['sub/deep/readme', 'public'],
  ]);
  sound = files.path('sound');
  await sealBundle(source, sound, { keys, public: ['*.json', 'readme'] });
});

describe('a link in the place of a directory', () => {
  it.each(['sub', 'sub/deep'])('%s is refused, whatever may stand beside the bundle', async (directory) => {
    for (const allowExtra of [true, ['sub'], ['**'], ['x'], false]) {
      const bundle = await copyOf(sound, files.path('copy'));
      await linked(join(bundle, directory));
      const error = await refusal(() => openBundle(bundle, { keys, allowExtra }));
      expect(error.code, String(allowExtra)).toBe('MEMBER_EXTRA');
      expect(error.message).toContain(`"${directory}"`);
    }
  });

  it('that comes once the bundle is open is not gone through', async () => {
    const bundle = await copyOf(sound, files.path('copy'));
    await using reader = await openBundle(bundle, { keys });
    await linked(join(bundle, 'sub'));
    const output = await files.directory();
    // What it leads to is the very same directory: every byte would be right.
    for (const work of [
      () => reader.read('sub/b', 0, 1),
      () => reader.read('sub/deep/readme', 0, 1),
      () => reader.verify(),
      () => reader.openTo(join(output, 'opened')),
      () => reader.writeTo(output, { only: ['sub/deep/c'] }),
    ])
      expect(await refusal(work)).toMatchObject({ code: 'MEMBER_MISSING' });
    expect(await treeOf(output)).toEqual({});
    expect(await reader.read('a', 0, 100)).toEqual(pattern(100, 1));
  });
});

/** Moves it away, and puts a link to it in its place. */
async function linked(path: string): Promise<void> {
  const away = files.path('away');
  await rename(path, away);
  await symlink(away, path);
}

describe('a bundle in the cache of a hub', () => {
  /** As huggingface_hub lays it out: each file is a link into the blobs of its repository. */
  async function snapshot(kind = 'models--org--sealed'): Promise<string> {
    const repository = join(await files.directory(), kind);
    const at = join(repository, 'snapshots/0123abc');
    await copyOf(sound, at);
    await mkdir(join(repository, 'blobs'));
    for (const found of await readdir(at, { recursive: true, withFileTypes: true })) {
      if (!found.isFile()) continue;
      const path = join(found.parentPath, found.name);
      const depth = path.slice(at.length + 1).split('/').length;
      const blob = Buffer.from(path.slice(at.length + 1)).toString('hex');
      await rename(path, join(repository, 'blobs', blob));
      await symlink(`${'../'.repeat(depth + 1)}blobs/${blob}`, path);
    }
    return at;
  }
  const blobOf = (at: string, name: string) => join(at, '../../blobs', Buffer.from(name).toString('hex'));

  it.each(['models--org--sealed', 'datasets--org--sealed', 'spaces--a--b'])('%s opens', async (kind) => {
    const at = await snapshot(kind);
    expect(await inspectBundle(at)).toMatchObject({ generation: 1 });
    expect(await verifyBundle(at, { keys })).toMatchObject({ members: 8, extra: [] });
    await using bundle = await openBundle(at, { keys });
    const output = files.path('opened');
    await bundle.openTo(output);
    expect(await treeOf(output)).toEqual(await treeOf(source));
    expect(await bundle.read('sub/deep/c', 0, 100)).toEqual(pattern(100, 4));
    expect(await bundle.read('large', 4_999_990, 10)).toEqual(pattern(5_000_000, 2).slice(-10));
    expect(Buffer.from(await bundle.read('sub/deep/readme', 0, 6)).toString()).toBe('public');
  });

  it('opens by a link to the snapshot, and goes on when the cache is moved', async () => {
    const at = await snapshot();
    const path = files.path('by-link');
    await symlink(at, path);
    await using bundle = await openBundle(path, { keys });
    const repository = dirname(dirname(at));
    await rename(repository, `${repository}-moved`);
    expect(await bundle.verify()).toMatchObject({ members: 8 });
  });

  it('lends its payloads to a new version, as copies', async () => {
    const at = await snapshot();
    const sealed = files.path('sealed');
    expect(await sealBundle(source, sealed, { keys, reuse: at })).toMatchObject({ reused: 4 });
    await rm(dirname(dirname(at)), { recursive: true });
    expect(await verifyBundle(sealed, { keys })).toMatchObject({ members: 8 });
  });

  it('is sealed already', async () => {
    await expect(sealBundle(await snapshot(), files.path('again'), { keys })).rejects.toEqual(
      code('ALREADY_SEALED'),
    );
  });

  it.each<[what: string, to: (at: string) => Promise<string> | string, expected: ErrorCode]>([
    ['an absolute path of the blob', (at) => blobOf(at, 'a.sealed'), 'MEMBER_TAMPERED'],
    ['a way round', () => '../../blobs/../blobs/x', 'MEMBER_TAMPERED'],
    ['too few levels', () => '../blobs/x', 'MEMBER_TAMPERED'],
    ['too many levels', () => '../../../blobs/x', 'MEMBER_TAMPERED'],
    ['the directory of the blobs', () => '../../blobs', 'MEMBER_TAMPERED'],
    ['what is above the blobs', () => '../../blobs/..', 'MEMBER_TAMPERED'],
    ['no blob', () => '../../blobs/none', 'MEMBER_MISSING'],
    [
      'a blob that is a link',
      (at) => blob(at, (path) => symlink(blobOf(at, 'a.sealed'), path)),
      'MEMBER_TAMPERED',
    ],
    ['a blob that is a pipe', (at) => blob(at, pipe), 'MEMBER_TAMPERED'],
    ['a blob that is a directory', (at) => blob(at, mkdir), 'MEMBER_TAMPERED'],
    ['a blob of other bytes', (at) => blob(at, (path) => writeFile(path, pattern(206))), 'MEMBER_TAMPERED'],
  ])('is refused where a link leads to %s', async (_what, to, expected) => {
    const at = await snapshot();
    const target = await to(at);
    await rm(join(at, 'a.sealed'));
    await symlink(target, join(at, 'a.sealed'));
    expect(await refusal(() => verifyBundle(at, { keys }))).toMatchObject({ code: expected });
    await using bundle = await openBundle(at, { keys });
    expect(await refusal(() => bundle.read('a', 0, 1))).toMatchObject({ code: expected });
  });

  it.each<[what: string, change: (at: string) => Promise<string>]>([
    ['is no snapshot by its place', async (at) => moved(at, join(dirname(dirname(at)), 'other/0123abc'))],
    [
      'is of no repository',
      async (at) => moved(dirname(dirname(at)), files.path('repository'), 'snapshots/0123abc'),
    ],
    [
      'has a link for its blobs',
      async (at) => {
        await linked(join(at, '../../blobs'));
        return at;
      },
    ],
  ])('is refused where it %s, and says what to do', async (_what, change) => {
    const at = await change(await snapshot());
    const { code: refused, message } = await refusal(() => verifyBundle(at, { keys }));
    expect(refused).toBe('ENVELOPE_INVALID');
    expect(message).toContain('cp -rL');
  });

  it('is never changed', async () => {
    const at = await snapshot();
    const before = await treeOf(dirname(dirname(at)));
    for (const change of [rewrapBundle, resealBundle])
      expect(await refusal(() => change(at, { keys }))).toMatchObject({
        code: 'ENVELOPE_INVALID',
        message: expect.stringContaining('cp -rL'),
      });
    expect(await treeOf(dirname(dirname(at)))).toEqual(before);
  });

  /** Another blob. Returns how a link beside the envelope leads there. */
  async function blob(at: string, make: (path: string) => Promise<unknown>): Promise<string> {
    await make(join(at, '../../blobs/other'));
    return '../../blobs/other';
  }

  async function moved(from: string, to: string, below = ''): Promise<string> {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    return join(to, below);
  }
});

async function pipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', [path]);
}

// On another file system: there a payload cannot be linked, and is copied.
it.runIf(process.platform === 'linux')(
  'an old version whose payload is a pipe lends it to none, and nobody waits for it',
  async () => {
    const shared = await mkdtemp('/dev/shm/weightseal-core-');
    try {
      const bundle = await copyOf(sound, join(shared, 'old'));
      await rm(join(bundle, 'a.sealed'));
      await pipe(join(bundle, 'a.sealed'));
      const sealed = files.path('sealed');
      expect(await sealBundle(source, sealed, { keys, reuse: bundle })).toMatchObject({ reused: 3 });
      expect(await verifyBundle(sealed, { keys })).toMatchObject({ members: 8 });
    } finally {
      await rm(shared, { recursive: true });
    }
  },
);

it('a part of a bundle that a link leads to comes with it, and nothing else', async () => {
  const plain = await writeTree(await files.directory(), [
    ['a', '1'],
    ['dir/x', '2'],
    ['dir/sub/y', '3'],
    ['dir2/z', '4'],
  ]);
  await symlink('dir', join(plain, 'link'));
  await symlink('a', join(plain, 'other'));
  const sealed = files.path('sealed');
  await sealBundle(plain, sealed, { keys });
  await using bundle = await openBundle(sealed, { keys });
  const paths = (only: string[]) => bundle.members(only).map(({ path }) => path);
  expect(paths(['link'])).toEqual(['dir', 'dir/sub', 'dir/sub/y', 'dir/x', 'link']);
  expect(paths(['other'])).toEqual(['a', 'other']);
  expect(paths(['link', 'z'])).toEqual(['dir', 'dir/sub', 'dir/sub/y', 'dir/x', 'dir2', 'dir2/z', 'link']);
});

it('what a public member left in the caller’s directory is authentic, or nothing', async () => {
  const plain = await writeTree(await files.directory(), [['large', pattern(5_000_000)]]);
  const sealed = files.path('sealed');
  await sealBundle(plain, sealed, { keys, public: ['*'] });
  const bytes = await readFile(join(sealed, 'large'));
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(join(sealed, 'large'), bytes);
  await using bundle = await openBundle(sealed, { keys });
  const place = await files.directory();
  await expect(bundle.writeTo(place)).rejects.toEqual(code('MEMBER_TAMPERED'));
  expect(await treeOf(place)).toEqual({ large: '' });
});

it('a file that is there under two names is one to each of them', async () => {
  const bundle = await copyOf(sound, files.path('copy'));
  await link(join(bundle, 'a.sealed'), files.path(basename(bundle)));
  expect(await verifyBundle(bundle, { keys })).toMatchObject({ members: 8 });
});

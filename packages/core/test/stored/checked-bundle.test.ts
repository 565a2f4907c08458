import { createHash } from 'node:crypto';
import { chmod, chown, cp, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type CopyOptions, copyChecked, copySealed, type StoreLocation, sealBundle } from '@weightseal/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { unavailable } from '../store/support/faults.js';
import { MemoryStore, type Request } from '../store/support/memory-store.js';
import { treeOf, writeTree } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const MIB = 1_048_576;
const temp = await temporary();
const plain = temp.path('plain');
const members = { 'd/long.bin': pattern(6 * MIB), 'small.bin': pattern(100), 'note.json': pattern(9) };
await writeTree(plain, Object.entries(members));
const released = temp.path('released');
await sealBundle(plain, released, { keys: [new MemoryKey('a')], public: ['note.json'] });
const store = new MemoryStore();
const place: StoreLocation = { store, key: 'm', tuning: { requestBytes: MIB, attempts: 1, concurrency: 1 } };
const { sealedSize } = await copySealed(released, place);
const LONG = 'd/long.bin.sealed';
const digests = new Map<string, string>();
for (const entry of await readdir(released, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const at = join(entry.parentPath, entry.name);
  const sum = createHash('sha256').update(await readFile(at));
  digests.set(relative(released, at), sum.digest('hex'));
}

let from: string;
let to: string;
beforeEach(async () => {
  from = temp.path('from');
  to = temp.path('to');
  await cp(released, from, { recursive: true });
});

/** Copies it with what is known of it, and tells what needed not come. */
async function copied({ local = false, ...options }: CopyOptions & { readonly local?: boolean } = {}) {
  const bytes = { reused: 0, present: 0 };
  const had = new Map<string, number>();
  const result = await copyChecked(
    place,
    to,
    {
      expected: (path) => ({ sha256: digests.get(path)!, offset: 0 }),
      onOther: () => expect.unreachable(),
      onPresent: (path, how, size) => {
        had.set(path, size);
        bytes[how] += size;
      },
      ...(local && { local: (path: string) => join(from, path) }),
    },
    options,
  );
  return { ...result, bytes, had };
}

describe('what is taken from an older version', () => {
  it('is a file of ours, whoever may write to the older one', async () => {
    const theirs = join(from, LONG);
    await chmod(theirs, 0o6777);
    if (process.getuid?.() === 0) await chown(theirs, 1234, 1234);
    await chmod(join(from, 'small.bin.sealed'), 0o400);
    expect((await copied({ local: true })).bytes).toEqual({ reused: sealedSize, present: 0 });
    const usual = temp.path('usual');
    await writeFile(usual, '');
    const { mode, uid, gid } = await stat(usual);
    for (const path of digests.keys()) expect(await stat(join(to, path))).toMatchObject({ mode, uid, gid });
    expect(await treeOf(to)).toEqual(await treeOf(released));
  });

  it('is told as it is copied, and an abort ends it in the middle', async () => {
    const ending = new AbortController();
    const steps: number[] = [];
    const onProgress = ({ bytes }: { readonly bytes: number }) => {
      steps.push(bytes);
      if (bytes >= 4 * MIB && bytes < 6 * MIB) ending.abort();
    };
    const error = await refusal(() => copied({ local: true, signal: ending.signal, onProgress }));
    expect(error.code).toBe('ABORTED');
    expect(Math.max(...steps)).toBeLessThan(6 * MIB);
  });

  it('comes from where it was released where it is another by now', async () => {
    const long = await readFile(join(from, LONG));
    long[long.length - 1]! ^= 1;
    await writeFile(join(from, LONG), long);
    const steps: number[] = [];
    const { bytes } = await copied({ local: true, onProgress: (told) => void steps.push(told.bytes) });
    expect(bytes.reused).toBe(sealedSize - long.length);
    expect([steps.at(-1), Math.max(...steps)]).toEqual([sealedSize, sealedSize]);
    expect(await treeOf(to)).toEqual(await treeOf(released));
  });
});

it('what had come before a copy was cut off is told, stretch by stretch', async () => {
  const isStretch = ({ key, length = 0 }: Request) => key === `m/${LONG}` && length > 100;
  store.fault = (one) => (isStretch(one) && one.offset === 5 * MIB ? unavailable : undefined);
  expect((await refusal(() => copied())).code).toBe('STORE_UNAVAILABLE');
  let came = 0;
  store.fault = (one) => {
    if (isStretch(one)) came += one.length!;
    return undefined;
  };
  const { size } = await stat(join(released, LONG));
  const present = (await copied()).had.get(LONG)!;
  expect(present + came).toBe(size);
  expect(present).toBeGreaterThan(0);
});

describe('what is at the target already', () => {
  beforeEach(async () => {
    await cp(released, to, { recursive: true });
  });

  it('is it, and its public members are told', async () => {
    expect(await copied()).toMatchObject({ copied: 0, present: digests.size, public: ['note.json'] });
  });

  it.each([
    ['a file that is no part of it', () => writeFile(join(to, 'pickle.bin'), 'evil')],
    [
      'a directory of its own that is a link',
      async () => {
        await rename(join(to, 'd'), `${to}.d`);
        await symlink(`${to}.d`, join(to, 'd'));
      },
    ],
    [
      'a link to it',
      async () => {
        await rename(to, `${to}.there`);
        await symlink(`${to}.there`, to);
      },
    ],
  ])('is not it with %s', async (_what, change) => {
    await change();
    expect((await refusal(() => copied())).code).toBe('OUTPUT_EXISTS');
  });

  it('is made anew where it may be replaced', async () => {
    await rename(join(to, 'd'), `${to}.d`);
    await symlink(`${to}.d`, join(to, 'd'));
    await copied({ overwrite: true });
    expect(await treeOf(to)).toEqual(await treeOf(released));
  });
});

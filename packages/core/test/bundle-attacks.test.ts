import { execFile } from 'node:child_process';
import { link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ErrorCode, inspectBundle, openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyOf, treeOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('bundles')];
const context = { model: 'tiny' };
const LARGE = 5_000_000;
let sound: string;

beforeAll(async () => {
  const source = await writeTree(await files.directory(), [
    ['a', pattern(100, 1)],
    ['b', pattern(100, 2)],
    ['large', pattern(LARGE, 3)],
    ['other', pattern(LARGE, 4)],
    ['config.json', '{"a":1}'],
    ['sub/c', pattern(100, 5)],
  ]);
  sound = files.path('sound');
  await sealBundle(source, sound, { keys, context, public: ['*.json'] });
});

/** What opening says of a copy after a change, and that nothing of it appears. */
async function after(change: (bundle: string) => Promise<unknown>): Promise<string> {
  const bundle = await copyOf(sound, files.path('copy'));
  await change(bundle);
  const output = await files.directory();
  const open = async () => {
    await using reader = await openBundle(bundle, { keys, context });
    await reader.openTo(join(output, 'opened'));
  };
  const error = await refusal(open);
  expect(await readdir(output)).toEqual([]);
  expect(await refusal(() => verifyBundle(bundle, { keys }))).toMatchObject({ code: error.code });
  return error.code;
}

async function flipped(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = bytes[index]! ^ 1;
  await writeFile(path, bytes);
}

describe('a bundle in which', () => {
  it.each<[what: string, change: (bundle: string) => Promise<unknown>, expected: ErrorCode]>([
    ['a payload is gone', (at) => rm(join(at, 'a.sealed')), 'MEMBER_MISSING'],
    ['a large payload is gone', (at) => rm(join(at, 'large.sealed')), 'MEMBER_MISSING'],
    ['a public member is gone', (at) => rm(join(at, 'config.json')), 'MEMBER_MISSING'],
    ['a directory is gone', (at) => rm(join(at, 'sub'), { recursive: true }), 'MEMBER_MISSING'],
    ['the table is gone', (at) => rm(join(at, 'weightseal.table')), 'MEMBER_MISSING'],
    ['the envelope is gone', (at) => rm(join(at, 'weightseal.json')), 'NOT_SEALED'],
    ['a file is more', (at) => writeFile(join(at, 'pytorch_model.bin'), 'pickle'), 'MEMBER_EXTRA'],
    ['a file in a directory is more', (at) => writeFile(join(at, 'sub/x'), ''), 'MEMBER_EXTRA'],
    ['a hidden file is more', (at) => writeFile(join(at, '.hidden'), ''), 'MEMBER_EXTRA'],
    ['an empty directory is more', (at) => mkdir(join(at, 'more')), 'MEMBER_EXTRA'],
    ['a link is more', (at) => symlink('a.sealed', join(at, 'x')), 'MEMBER_EXTRA'],
    ['a payload is there twice', (at) => link(join(at, 'a.sealed'), join(at, 'a2.sealed')), 'MEMBER_EXTRA'],
    ['a name differs in case', (at) => writeFile(join(at, 'A.sealed'), ''), 'MEMBER_EXTRA'],
    [
      'what looks like a lock lies deeper',
      (at) => writeFile(join(at, 'sub/.1.weightseal-lock'), ''),
      'MEMBER_EXTRA',
    ],
    ['two payloads are exchanged', (at) => swap(at, 'a.sealed', 'b.sealed'), 'MEMBER_TAMPERED'],
    ['two large payloads are exchanged', (at) => swap(at, 'large.sealed', 'other.sealed'), 'MEMBER_TAMPERED'],
    ['a payload is a link to itself elsewhere', (at) => linked(at, 'a.sealed'), 'MEMBER_TAMPERED'],
    ['a large payload is a link', (at) => linked(at, 'large.sealed'), 'MEMBER_TAMPERED'],
    ['a public member is a link', (at) => linked(at, 'config.json'), 'MEMBER_TAMPERED'],
    ['the envelope is a link', (at) => linked(at, 'weightseal.json'), 'ENVELOPE_INVALID'],
    ['the table is a link', (at) => linked(at, 'weightseal.table'), 'TABLE_TAMPERED'],
    ['a directory is a link', (at) => linked(at, 'sub'), 'MEMBER_EXTRA'],
    ['a payload is a directory', (at) => replaced(at, 'a.sealed', mkdir), 'MEMBER_EXTRA'],
    ['a payload is a pipe', (at) => replaced(at, 'a.sealed', pipe), 'MEMBER_TAMPERED'],
    ['a large payload is a pipe', (at) => replaced(at, 'large.sealed', pipe), 'MEMBER_TAMPERED'],
    ['the envelope is a pipe', (at) => replaced(at, 'weightseal.json', pipe), 'ENVELOPE_INVALID'],
    ['the table is a pipe', (at) => replaced(at, 'weightseal.table', pipe), 'TABLE_TAMPERED'],
    ['a public member is changed', (at) => flipped(join(at, 'config.json'), 2), 'MEMBER_TAMPERED'],
    ['a public member is longer', (at) => writeFile(join(at, 'config.json'), '{"a":1} '), 'MEMBER_TAMPERED'],
    ['a payload is longer', (at) => writeFile(join(at, 'a.sealed'), 'x', { flag: 'a' }), 'MEMBER_TAMPERED'],
    [
      'a payload is cut',
      async (at) =>
        writeFile(join(at, 'large.sealed'), (await readFile(join(at, 'large.sealed'))).subarray(0, -1)),
      'MEMBER_TAMPERED',
    ],
    [
      'a payload is cut to whole segments',
      async (at) =>
        writeFile(
          join(at, 'large.sealed'),
          (await readFile(join(at, 'large.sealed'))).subarray(0, 74 + 1_048_608),
        ),
      'MEMBER_TAMPERED',
    ],
    ['a payload is empty', (at) => writeFile(join(at, 'a.sealed'), ''), 'MEMBER_TAMPERED'],
    ['the header of a payload is changed', (at) => flipped(join(at, 'a.sealed'), 20), 'MEMBER_TAMPERED'],
    [
      'the header of a large payload is changed',
      (at) => flipped(join(at, 'large.sealed'), 60),
      'MEMBER_TAMPERED',
    ],
    [
      'the first byte of a large payload is changed',
      (at) => flipped(join(at, 'large.sealed'), 90),
      'MEMBER_TAMPERED',
    ],
    [
      'the last byte of a large payload is changed',
      (at) => flipped(join(at, 'large.sealed'), -1),
      'MEMBER_TAMPERED',
    ],
    [
      'the table is longer',
      (at) => writeFile(join(at, 'weightseal.table'), 'x', { flag: 'a' }),
      'TABLE_TAMPERED',
    ],
    ['the table is empty', (at) => writeFile(join(at, 'weightseal.table'), ''), 'TABLE_TAMPERED'],
    [
      'the envelope is longer',
      (at) => writeFile(join(at, 'weightseal.json'), ' ', { flag: 'a' }),
      'ENVELOPE_INVALID',
    ],
    [
      'the envelope is longer than one may be',
      (at) => writeFile(join(at, 'weightseal.json'), Buffer.alloc(65_537)),
      'ENVELOPE_INVALID',
    ],
    ['the envelope is empty', (at) => writeFile(join(at, 'weightseal.json'), ''), 'ENVELOPE_INVALID'],
  ])('%s is refused', async (_what, change, expected) => {
    expect(await after(change)).toBe(expected);
  });

  it('a refusal says once what to do', async () => {
    const bundle = await copyOf(sound, files.path('copy'));
    await flipped(join(bundle, 'large.sealed'), -1);
    const { message } = await refusal(() => verifyBundle(bundle, { keys }));
    expect(message).toMatch(/^"large\.sealed" is not what was sealed: .+ Get a sound copy of it\.$/);
    expect(message.match(/Get a sound copy/g)).toHaveLength(1);
  });

  it.each([
    ['a small payload', 'a', 1],
    ['the last segment of a large payload', 'large', LARGE],
  ])('%s is changed is not read there, and elsewhere it is', async (_what, name, end) => {
    const bundle = await copyOf(sound, files.path('copy'));
    await flipped(join(bundle, `${name}.sealed`), -1);
    await using reader = await openBundle(bundle, { keys });
    const refused = code('MEMBER_TAMPERED');
    await expect(reader.read(name, end - 1, 1)).rejects.toEqual(refused);
    await expect(
      reader
        .stream(name)
        .getReader()
        .read()
        .then(() => collect(reader.stream(name))),
    ).rejects.toEqual(refused);
    if (name === 'large') expect(await reader.read(name, 0, 10)).toEqual(pattern(LARGE, 3).subarray(0, 10));
    expect(await reader.read('b', 0, 100)).toEqual(pattern(100, 2));
  });

  it('nothing was changed opens', async () => {
    expect(await verifyBundle(await copyOf(sound, files.path('copy')), { keys, context })).toMatchObject({
      members: 7,
    });
  });
});

async function swap(at: string, a: string, b: string): Promise<void> {
  await rename(join(at, a), join(at, 'x'));
  await rename(join(at, b), join(at, a));
  await rename(join(at, 'x'), join(at, b));
}

/** Moves it away, and puts a link to it in its place. */
async function linked(at: string, name: string): Promise<void> {
  const away = files.path('away');
  await rename(join(at, name), away);
  await symlink(away, join(at, name));
}

async function replaced(at: string, name: string, by: (path: string) => Promise<unknown>): Promise<void> {
  await rm(join(at, name));
  await by(join(at, name));
}

async function pipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', [path]);
}

describe('a bundle that was put together from two', () => {
  async function two(): Promise<[string, string]> {
    const source = await writeTree(await files.directory(), [['a', pattern(100, 1)]]);
    const [first, second] = [files.path('first'), files.path('second')];
    await sealBundle(source, first, { keys, context });
    await writeFile(join(source, 'a'), pattern(100, 9));
    await sealBundle(source, second, { keys, context });
    return [first, second];
  }

  async function mixed(names: readonly string[]): Promise<ErrorCode> {
    const [first, second] = await two();
    for (const name of names) await writeFile(join(second, name), await readFile(join(first, name)));
    return (await refusal(() => verifyBundle(second, { keys, context }))).code;
  }

  it('an old table with a new envelope', async () => {
    expect(await mixed(['weightseal.table'])).toBe('TABLE_TAMPERED');
  });

  it('a new table with an old envelope', async () => {
    expect(await mixed(['weightseal.json'])).toBe('TABLE_TAMPERED');
  });

  it('an old payload under a new table', async () => {
    expect(await mixed(['a.sealed'])).toBe('MEMBER_TAMPERED');
  });

  it('an old envelope and table over a new payload', async () => {
    expect(await mixed(['weightseal.json', 'weightseal.table'])).toBe('MEMBER_TAMPERED');
  });

  it('all of the old one is the old one', async () => {
    const [first, second] = await two();
    for (const name of await readdir(first))
      await writeFile(join(second, name), await readFile(join(first, name)));
    expect(await treeOf(second)).toEqual(await treeOf(first));
    await verifyBundle(second, { keys, context });
  });
});

describe('what stands beside', () => {
  it('is allowed by name, told, and never opened', async () => {
    const bundle = await copyOf(sound, files.path('copy'));
    await pipe(join(bundle, 'README.md'));
    expect(await verifyBundle(bundle, { keys, allowExtra: ['*.md'] })).toMatchObject({
      extra: ['README.md'],
    });
    expect(await verifyBundle(bundle, { keys, allowExtra: true })).toMatchObject({ extra: ['README.md'] });
    expect(await refusal(() => verifyBundle(bundle, { keys, allowExtra: ['*.txt'] }))).toMatchObject({
      code: 'MEMBER_EXTRA',
    });
  });

  it('may be a lock, or what a write that was killed left', async () => {
    const bundle = await copyOf(sound, files.path('copy'));
    for (const name of ['.1a2b.weightseal-lock', '.0123456789abcdef.weightseal-tmp'])
      await writeFile(join(bundle, name), '');
    expect(await verifyBundle(bundle, { keys })).toMatchObject({ extra: [] });
  });
});

describe('without a key', () => {
  it('the envelope is shown, and what is not of it is refused', async () => {
    const bundle = await copyOf(sound, files.path('copy'));
    expect(await inspectBundle(bundle)).toMatchObject({
      context,
      recipients: [{ keyUri: 'memory:bundles' }],
    });
    await flipped(join(bundle, 'weightseal.table'), 3);
    await expect(inspectBundle(bundle)).rejects.toEqual(code('TABLE_TAMPERED'));
    await rm(join(bundle, 'weightseal.json'));
    await expect(inspectBundle(bundle)).rejects.toEqual(code('NOT_SEALED'));
    await expect(inspectBundle(join(bundle, 'a.sealed'))).rejects.toEqual(code('NOT_SEALED'));
    await expect(inspectBundle(join(bundle, 'nowhere'))).rejects.toEqual(code('INPUT_NOT_FOUND'));
  });

  it('no key is asked of a bundle of another context, nor of one that is not whole', async () => {
    const key = new MemoryKey('bundles');
    await expect(openBundle(sound, { keys: [key], context: { model: 'other' } })).rejects.toEqual(
      code('CONTEXT_MISMATCH'),
    );
    const bundle = await copyOf(sound, files.path('copy'));
    await rm(join(bundle, 'weightseal.table'));
    await expect(openBundle(bundle, { keys: [key] })).rejects.toEqual(code('MEMBER_MISSING'));
    expect(key.calls).toBe(0);
  });
});

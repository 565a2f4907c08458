import { chmod, copyFile, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import {
  bufferSource,
  inspect,
  type KeyWrapper,
  openReader,
  reseal,
  rewrap,
  sealToFile,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { forge } from './support/forge.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { code, failureOf, pattern, refusal } from './support/sealed.js';
import { dataKeyOf, PLAINTEXT as SMALL, smallFile, smallParts } from './support/small-file.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(3000);
const key = (name: string) => new MemoryKey(name);
const urisOf = async (path: string) => (await inspect(path)).recipients.map(({ keyUri }) => keyUri);

async function sealFor(...keys: KeyWrapper[]): Promise<string> {
  const path = `${await temp.directory()}/file`;
  await sealToFile(bufferSource(PLAINTEXT), path, { keys, segmentLength: 256, manifest: false });
  return path;
}

async function opens(path: string, by: KeyWrapper): Promise<boolean> {
  const error = await failureOf(async () => {
    await using reader = await openReader(path, { keys: [by] });
    expect(Buffer.compare(await reader.read(0, reader.size), PLAINTEXT)).toBe(0);
  });
  return error === undefined;
}

/** A recipient more, by somebody who knows nothing of locks. */
async function changeWithoutAsking(path: string, add: KeyWrapper): Promise<void> {
  const copy = `${await temp.directory()}/copy`;
  await copyFile(path, copy);
  await rewrap(copy, { keys: [key('a')], add: [add] });
  await writeFile(path, await readFile(copy), { flag: 'r+' });
}

describe('rewrap', () => {
  it('changes no byte of the payload, and nothing of the core', async () => {
    const path = await sealFor(key('a'));
    const before = await readFile(path);
    const shown = await inspect(path);
    await rewrap(path, { keys: [key('a')], add: [key('b')] });
    const after = await readFile(path);
    expect(after.length).toBe(before.length);
    expect(Buffer.compare(after.subarray(0, 4096), before.subarray(0, 4096))).toBe(0);
    expect(Buffer.compare(after.subarray(36_864), before.subarray(36_864))).toBe(0);
    expect(await inspect(path)).toMatchObject({
      id: shown.id,
      context: shown.context,
      generation: 2,
      copiesEqual: true,
    });
  });

  it('without more makes the wraps of the named keys anew', async () => {
    const path = await sealFor(key('a'), key('b'));
    const before = await readFile(path);
    const named = key('a');
    await rewrap(path, { keys: [named] });
    expect(named.wraps).toBe(1);
    expect((await urisOf(path)).sort()).toEqual(['memory:a', 'memory:b']);
    expect(Buffer.compare(await readFile(path), before)).not.toBe(0);
    for (const name of ['a', 'b']) expect(await opens(path, key(name))).toBe(true);
  });

  it('carries a slot of an unknown provider over, byte for byte', async () => {
    const path = temp.path();
    const file = smallFile(16_384);
    await writeFile(path, file.bytes);
    await rewrap(path, { keys: [dataKeyOf()], add: [key('b')], remove: ['memory:one'] });
    expect(await urisOf(path)).toEqual(['elsewhere:two', 'memory:three', 'memory:b']);
    const slot = Buffer.from(file.slots[1]!.bytes).toString('base64url');
    expect((await readFile(path)).includes(slot)).toBe(true);
  });

  it('refuses what would leave nobody, is no recipient, or is both added and removed, and writes nothing', async () => {
    const path = await sealFor(key('a'));
    const before = await readFile(path);
    const change = (options: object) => rewrap(path, { keys: [key('a')], ...options });
    await expect(change({ remove: ['memory:a'] })).rejects.toEqual(code('RECIPIENT_REQUIRED'));
    await expect(change({ remove: ['memory:x'] })).rejects.toEqual(code('RECIPIENT_NOT_FOUND'));
    await expect(change({ remove: ['memory:a'], add: [key('a')] })).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(change({ add: [key('b'), key('b')] })).rejects.toEqual(code('INVALID_ARGUMENT'));
    // The same key may be named by another URI: which ones there are helps to say what is meant.
    await expect(rewrap(path, { keys: [key('b')] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /memory:b was named, and the recipients are memory:a\..*another name or path/,
      ),
    });
    await expect(rewrap(path, { keys: [key('b')], add: [key('b')] })).rejects.toEqual(
      code('UNWRAP_REJECTED'),
    );
    await expect(change({ add: [key('b')], context: { model: 'x' } })).rejects.toEqual(
      code('CONTEXT_MISMATCH'),
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  it('writes nothing when a new wrap does not unwrap again', async () => {
    const path = await sealFor(key('a'));
    const before = await readFile(path);
    const bad = keyWith('b', { unwrap: async () => new Uint8Array(32) });
    await expect(rewrap(path, { keys: [key('a')], add: [bad] })).rejects.toEqual(code('WRAP_NOT_VERIFIED'));
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  it('says that the envelope is full, and then grows it when asked to', async () => {
    const path = await sealFor(key('a'));
    await chmod(path, 0o640);
    const add = Array.from({ length: 6 }, (_, i) => {
      const large = key(`l${i}`);
      const wrap = large.wrap.bind(large);
      large.wrap = async (...call) => ({
        ...(await wrap(...call)),
        keyVersion: 'v'.repeat(1024),
        algorithm: 'a'.repeat(128),
      });
      return Object.assign(large, { uri: `memory:l${i}${'x'.repeat(2000)}` });
    });
    const before = await readFile(path);
    await expect(rewrap(path, { keys: [key('a')], add })).rejects.toEqual(code('ENVELOPE_FULL'));
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
    expect(await rewrap(path, { keys: [key('a')], add, grow: true })).toMatchObject({
      grown: true,
      generation: 2,
    });
    expect(await opens(path, key('a'))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await everythingIn(path.slice(0, -5))).toEqual(['file']);
    const after = await readFile(path);
    expect(Buffer.compare(after.subarray(-3000), before.subarray(-3000))).toBe(0);
  });

  it('has room for 32 recipients in the end, and not for 33', async () => {
    const path = await sealFor(key('r0'));
    const all = Array.from({ length: 32 }, (_, i) => key(`r${i}`));
    await rewrap(path, { keys: [key('r0')], add: all, grow: true });
    expect(await urisOf(path)).toHaveLength(32);
    expect(await opens(path, key('r31'))).toBe(true);
    await expect(rewrap(path, { keys: [key('r0')], add: [key('r32')], grow: true })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    );
    expect(await opens(path, key('r31'))).toBe(true);
  });

  it('never writes into another file that has taken the path meanwhile', async () => {
    const path = await sealFor(key('a'));
    const other = await sealFor(key('other'));
    const bytes = await readFile(other);
    const swapping = keyWith('b', {
      wrap: async (dataKey, context) => {
        await rename(other, path);
        return key('b').wrap(dataKey, context);
      },
      unwrap: (wrapped, context) => key('b').unwrap(wrapped, context),
    });
    await failureOf(() => rewrap(path, { keys: [key('a')], add: [swapping] }));
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    expect(await opens(path, key('other'))).toBe(true);
  });

  it('never writes over an envelope that has changed meanwhile', async () => {
    const path = await sealFor(key('a'));
    const racing = keyWith('b', {
      wrap: async (dataKey, context) => {
        await changeWithoutAsking(path, key('c'));
        return key('b').wrap(dataKey, context);
      },
      unwrap: (wrapped, context) => key('b').unwrap(wrapped, context),
    });
    const error = await failureOf(() => rewrap(path, { keys: [key('a')], add: [racing] }));
    expect(error).toEqual(code('INPUT_CHANGED'));
    expect(await urisOf(path)).toEqual(['memory:a', 'memory:c']);
  });
});

describe('reseal', () => {
  it('gives a new id, a new key and new bytes, and keeps plaintext, context, metadata and mode', async () => {
    const path = await sealFor(key('a'));
    await chmod(path, 0o640);
    const [before, opened] = [await readFile(path), await verify(path, { keys: [key('a')] })];
    const first = key('a');
    const done = await reseal(path, { keys: [first] });
    expect(done).toMatchObject({ size: PLAINTEXT.length });
    expect(done.id).not.toBe(opened.id);
    expect(await verify(path, { keys: [key('a')] })).toEqual({ ...opened, id: done.id });
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(Buffer.compare(before.subarray(-1000), (await readFile(path)).subarray(-1000))).not.toBe(0);
    expect(await everythingIn(path.slice(0, -5))).toEqual(withManifest('file'));
  });

  it('takes over an empty last segment', async () => {
    const path = temp.path();
    const segments = [SMALL.subarray(0, 32), new Uint8Array()];
    const file = forge({ ...smallParts(100, 16_384), segments, metadata: {} });
    await writeFile(path, file.bytes);
    await reseal(path, {
      keys: [dataKeyOf()],
      remove: ['elsewhere:two', 'memory:three', 'memory:one'],
      add: [key('new')],
    });
    expect(await verify(path, { keys: [key('new')] })).toMatchObject({ size: 32 });
  });

  it('refuses when a recipient would be lost without a word, and writes nothing', async () => {
    const path = await sealFor(key('a'), key('b'));
    const before = await readFile(path);
    await expect(reseal(path, { keys: [key('a')] })).rejects.toEqual(code('RECIPIENT_REQUIRED'));
    await expect(reseal(path, { keys: [key('a')], remove: ['memory:a', 'memory:b'] })).rejects.toEqual(
      code('RECIPIENT_REQUIRED'),
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
    await reseal(path, { keys: [key('a')], remove: ['memory:b'] });
    expect(await opens(path, key('b'))).toBe(false);
  });

  it('refuses a damaged file, and leaves it as it was', async () => {
    const path = await sealFor(key('a'));
    const bytes = await readFile(path);
    bytes[36_864 + 74 + 300]! ^= 1;
    await writeFile(path, bytes);
    expect((await refusal(() => reseal(path, { keys: [key('a')] }))).code).toBe('SEGMENT_TAMPERED');
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    expect(await everythingIn(path.slice(0, -5))).toEqual(['file']);
  });

  it('does not undo a rewrap that comes meanwhile', async () => {
    const path = await sealFor(key('a'));
    const slowToVerify = key('a');
    const unwrap = slowToVerify.unwrap.bind(slowToVerify);
    let calls = 0;
    slowToVerify.unwrap = async (...call) => {
      // The third call is that of the verification, when everything has been encrypted.
      if (++calls === 3) await changeWithoutAsking(path, key('b'));
      return unwrap(...call);
    };
    await expect(reseal(path, { keys: [slowToVerify] })).rejects.toEqual(code('INPUT_CHANGED'));
    expect(await urisOf(path)).toEqual(['memory:a', 'memory:b']);
  });
});

it('a change through a symbolic link changes the file that it leads to, or nothing', async () => {
  const path = await sealFor(key('a'));
  const linked = `${path}-link`;
  const copy = `${path}-copy`;
  await copyFile(path, copy);
  await symlink(path, linked);
  await rewrap(linked, { keys: [key('a')], add: [key('b')] });
  expect(await urisOf(path)).toEqual(['memory:a', 'memory:b']);
  await failureOf(() => reseal(linked, { keys: [key('a'), key('b')] }));
  expect(await opens(path, key('a'))).toBe(true);
  expect(await opens(copy, key('a'))).toBe(true);
});

it('a file with the largest recipients that there can be opens, or is not written', async () => {
  const path = temp.path();
  const keys = Array.from({ length: 32 }, (_, i) => {
    const large = key(`${String(i).padStart(2, '0')}${'"'.repeat(2039)}`);
    const { wrap, unwrap } = { wrap: large.wrap.bind(large), unwrap: large.unwrap.bind(large) };
    large.wrap = async (...call) => {
      const wrapped = await wrap(...call);
      const ciphertext = new Uint8Array(6144);
      ciphertext.set(wrapped.ciphertext);
      return { ...wrapped, keyVersion: '"'.repeat(1024), algorithm: '"'.repeat(128), ciphertext };
    };
    large.unwrap = (wrapped, ...rest) =>
      unwrap({ ...wrapped, ciphertext: wrapped.ciphertext.slice(0, 60) }, ...rest);
    return large;
  });
  const error = await failureOf(() => sealToFile(bufferSource(PLAINTEXT), path, { keys }));
  if (error) expect(error).toMatchObject({ class: 'usage' });
  else expect(await opens(path, keys[31]!)).toBe(true);
});

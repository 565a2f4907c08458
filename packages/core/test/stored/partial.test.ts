import { link, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySealed, type StoreLocation, sealBundle, sweepOutputs } from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { refusedWith } from '../store/support/faults.js';
import { MemoryStore, type Request } from '../store/support/memory-store.js';
import { treeOf, writeTree } from '../support/bundles.js';
import { settled } from '../support/held-key.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal, sealBytes } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const MIB = 1_048_576;
const STRETCH = 262_144;
const temp = await temporary();
const keys = [new MemoryKey('a')];
const sealed = await sealBytes(pattern(3 * MIB + 200_000), { keys });
const STRETCHES = Math.ceil(sealed.length / STRETCH);

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) expect(store.underWay, 'requests left under way').toBe(0);
});

function storeWith(
  files: Record<string, Uint8Array>,
  key: string,
): { store: MemoryStore; at: StoreLocation } {
  const store = new MemoryStore();
  stores.push(store);
  for (const [name, bytes] of Object.entries(files)) store.set(name, bytes);
  return { store, at: { store, key, tuning: { requestBytes: STRETCH, concurrency: 2, attempts: 1 } } };
}

const isStretch = ({ method, length }: Request) => method === 'read' && length! > 70_000;

/** Refuses a stretch after so many of an object. */
function breakAfter(store: MemoryStore, most: number, key = 'm'): void {
  let seen = 0;
  store.fault = (request) =>
    isStretch(request) && request.key === key && seen++ >= most
      ? { throws: refusedWith('STORE_DENIED') }
      : undefined;
}

function stretchesOf(store: MemoryStore, key = 'm'): number[] {
  return store.requests.filter((one) => isStretch(one) && one.key === key).map(({ offset }) => offset!);
}

describe('a copy of a long object to a disk', () => {
  async function cutOff() {
    const { store, at } = storeWith({ m: sealed }, 'm');
    const directory = await temp.directory();
    const to = join(directory, 'm.sealed');
    breakAfter(store, 5);
    expect((await refusal(() => copySealed(at, to))).code).toBe('STORE_DENIED');
    store.fault = () => undefined;
    const [name] = await readdir(directory);
    expect(name).toMatch(/^\.[0-9a-f]{16}\.weightseal-part$/);
    const made = join(directory, name!, 'new', 'weightseal.copying');
    const done = (await readFile(`${made}.done`, 'utf8')).split('\n').slice(1, -1).length;
    store.requests.splice(0);
    return { store, at, directory, to, made, done };
  }
  const isThere = async (to: string) => expect(Buffer.compare(await readFile(to), sealed)).toBe(0);

  it('goes on where it was cut off, and asks for nothing twice', async () => {
    const { store, at, directory, to, done } = await cutOff();
    expect(done).toBeGreaterThan(2);
    const progress: number[] = [];
    await copySealed(at, to, { onProgress: ({ bytes }) => progress.push(bytes) });
    await isThere(to);
    expect(stretchesOf(store)).toHaveLength(STRETCHES - done);
    expect(progress.at(-1)).toBe(sealed.length);
    expect(await readdir(directory)).toEqual(['m.sealed']);
  });

  it('begins anew where the object is another by now', async () => {
    const { store, at, to } = await cutOff();
    store.set('m', sealed);
    await copySealed(at, to);
    await isThere(to);
    expect(stretchesOf(store)).toHaveLength(STRETCHES);
  });

  it.each<[string, (made: string) => Promise<void>]>([
    [
      'of another start of the system',
      async (made) => {
        const text = await readFile(`${made}.done`, 'utf8');
        await writeFile(`${made}.done`, text.replace(/"boot":"[0-9a-f]{0,4}/, '"boot":"0000'));
      },
    ],
    ['that is none', (made) => writeFile(`${made}.done`, 'x'.repeat(100))],
    ['of which the beginning is missing', (made) => truncate(`${made}.done`, 20)],
    [
      'with what is no stretch',
      async (made) => {
        const text = await readFile(`${made}.done`, 'utf8');
        await writeFile(`${made}.done`, `${text}17\n`);
      },
    ],
  ])('begins anew by a record %s', async (_, change) => {
    const { store, at, to, made } = await cutOff();
    await change(made);
    await copySealed(at, to);
    await isThere(to);
    expect(stretchesOf(store)).toHaveLength(STRETCHES);
  });

  it('goes on by a record whose last line was being written', async () => {
    const { store, at, to, made, done } = await cutOff();
    const text = await readFile(`${made}.done`, 'utf8');
    await writeFile(`${made}.done`, `${text}26214`);
    await copySealed(at, to);
    await isThere(to);
    expect(stretchesOf(store)).toHaveLength(STRETCHES - done);
  });

  it('takes no name that something has, and keeps what it has for the next', async () => {
    const { at, to, directory } = await cutOff();
    await writeFile(to, 'mine');
    expect((await refusal(() => copySealed(at, to))).code).toBe('OUTPUT_EXISTS');
    expect(await readFile(to, 'utf8')).toBe('mine');
    await copySealed(at, to, { overwrite: true });
    await isThere(to);
    expect(await readdir(directory)).toEqual(['m.sealed']);
  });

  it.each<[string, (to: string, made: string) => Promise<void>]>([
    ['it was moved', (to, made) => rename(made, to)],
    ['it had both names', (to, made) => link(made, to)],
  ])('that was killed when %s begins anew, and changes nothing that has a name', async (_, move) => {
    const { store, at, directory, to, made } = await cutOff();
    await writeFile(made, sealed);
    const [head] = (await readFile(`${made}.done`, 'utf8')).split('\n');
    const all = Array.from({ length: STRETCHES }, (_, n) => n * STRETCH);
    await writeFile(`${made}.done`, `${[head, ...all].join('\n')}\n`);
    await move(to, made);
    const kept = join(directory, 'kept');
    await rename(to, kept);
    await copySealed(at, to);
    await isThere(to);
    expect(stretchesOf(store)).toHaveLength(STRETCHES);
    const other = await sealBytes(pattern(3 * MIB), { keys });
    store.set('m', other);
    await copySealed(at, to, { overwrite: true });
    expect(Buffer.compare(await readFile(to), other)).toBe(0);
    await isThere(kept);
    await rm(kept);
    expect(await readdir(directory)).toEqual(['m.sealed']);
  });

  it('goes on by a record of a name that is not ASCII', async () => {
    const { store, at } = storeWith({ 'größe-模型': sealed }, 'größe-模型');
    const to = join(await temp.directory(), 'm.sealed');
    breakAfter(store, 3, 'größe-模型');
    await refusal(() => copySealed(at, to));
    breakAfter(store, 3, 'größe-模型');
    await refusal(() => copySealed(at, to));
    store.fault = () => undefined;
    store.requests.splice(0);
    await copySealed(at, to);
    await isThere(to);
    expect(stretchesOf(store, 'größe-模型').length).toBeLessThan(STRETCHES - 3);
  });

  it('beside another to the same name: one of them is there, and nothing is left of the other', async () => {
    const { store, at, directory, to } = await cutOff();
    const other = await sealBytes(pattern(3 * MIB), { keys });
    store.set('other', other);
    const outcomes = await Promise.allSettled([copySealed(at, to), copySealed({ ...at, key: 'other' }, to)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const there = await readFile(to);
    expect(there.equals(outcomes[0]!.status === 'fulfilled' ? sealed : other)).toBe(true);
    // What the next one to the same name may find again.
    const left = (await readdir(directory)).filter((name) => name !== 'm.sealed');
    expect(left.filter((name) => !name.endsWith('-part'))).toEqual([]);
  });

  it.each([1, 7])('by %d bytes at a time, shorter than a header', async (requestBytes) => {
    const small = Buffer.from('{"a":1}{');
    const { at } = storeWith({ m: small }, 'm');
    const to = join(await temp.directory(), 'm');
    await copySealed({ ...at, tuning: { requestBytes } }, to, { any: true });
    expect(await readFile(to)).toEqual(small);
  });

  it('that nobody goes on with is swept', async () => {
    const { directory } = await cutOff();
    expect(await sweepOutputs([directory])).toMatchObject([{ outcome: 'unfinished' }]);
    expect(await sweepOutputs([directory], { unfinished: true })).toMatchObject([{ outcome: 'removed' }]);
    expect(await readdir(directory)).toEqual([]);
  });
});

it('a member that was cut off is no member, however long its file is; and it goes on, too', async () => {
  const bundle = temp.path('bundle');
  const tree = await writeTree(await temp.directory(), [
    ['a.safetensors', pattern(3 * MIB)],
    ['weightseal.copying/b.json', '{}'],
  ]);
  await sealBundle(tree, bundle, { keys, public: ['*.json'] });
  const { store, at } = storeWith({}, 'b');
  await copySealed(bundle, at);
  const directory = await temp.directory();
  const to = join(directory, 'b');
  const key = 'b/a.safetensors.sealed';
  // The last stretch is there, and so is the head: nothing but a record can tell.
  store.fault = (request) =>
    isStretch(request) && request.key === key && request.offset === STRETCH * 3
      ? { throws: refusedWith('STORE_DENIED') }
      : undefined;
  store.requests.splice(0);
  const caller = new AbortController();
  expect((await refusal(() => copySealed(at, to, { signal: caller.signal }))).code).toBe('STORE_DENIED');
  store.fault = () => undefined;
  store.requests.splice(0);
  expect(await copySealed(at, to)).toMatchObject({ kind: 'bundle' });
  expect(await treeOf(to)).toEqual(await treeOf(bundle));
  expect(stretchesOf(store, key).length).toBeLessThan(Math.ceil((3 * MIB) / STRETCH));
  expect(await readdir(directory)).toEqual(['b']);
});

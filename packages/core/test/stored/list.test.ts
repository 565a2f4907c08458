import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  listSealed,
  type StoredAt,
  type StoredEntry,
  sealBundle,
  type WeightsealError,
} from '@weightseal/core';
import { expect, it } from 'vitest';
import { refusedWith, times } from '../store/support/faults.js';
import { MemoryStore } from '../store/support/memory-store.js';
import { writeTree } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal, sealBytes } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(attempt)).code;

const temp = await temporary();
const keys = [new MemoryKey('a')];
const sealed = await sealBytes(pattern(100_000), { keys });
const bundle = temp.path('bundle');
await sealBundle(await writeTree(await temp.directory(), [['w', 'weights']]), bundle, { keys });

async function all(at: StoredAt, recursive = false): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  for await (const entry of listSealed(at, { recursive })) found.push(entry);
  return found;
}

const short = (entries: readonly StoredEntry[]) => entries.map(({ kind, path }) => `${kind} ${path}`);

async function directory(): Promise<string> {
  const root = await temp.directory();
  await writeTree(root, [
    ['m.sealed', sealed],
    ['m.sealed.weightseal.manifest.json', '{}'],
    ['m.sealed.weightseal.sig', '{}'],
    ['notes.txt', 'plain'],
    ['deep/er/m2', sealed],
    ['deep/plain', pattern(50_000)],
  ]);
  await cp(bundle, join(root, 'llama.sealed'), { recursive: true });
  return root;
}

async function store(): Promise<MemoryStore> {
  const made = new MemoryStore({ page: 2 });
  const root = await directory();
  const { copySealed } = await import('@weightseal/core');
  for (const name of ['m.sealed', 'notes.txt', 'deep/er/m2', 'deep/plain', 'llama.sealed'])
    await copySealed(join(root, name), { store: made, key: `top/${name}` }, { any: true });
  for (const name of ['manifest.json', 'sig']) made.set(`top/m.sealed.weightseal.${name}`, Buffer.from('{}'));
  made.set('top/folder/', new Uint8Array(0));
  made.requests.length = 0;
  return made;
}

const OF_M = [
  'sealed m.sealed',
  'release m.sealed.weightseal.manifest.json',
  'release m.sealed.weightseal.sig',
];
const ONE = ['directory deep', 'bundle llama.sealed', ...OF_M, 'other notes.txt'];
const DEEP = ['sealed deep/er/m2', 'other deep/plain', 'bundle llama.sealed', ...OF_M, 'other notes.txt'];

it('lists what is sealed in a directory, one level or all, and bundles as one', async () => {
  const root = await directory();
  await symlink('.', join(root, 'deep', 'circle'));
  expect(short(await all(root))).toEqual(ONE);
  expect(short(await all(root, true))).toEqual(['other deep/circle', ...DEEP]);
  const [own] = await all(join(root, 'llama.sealed'));
  expect(own).toMatchObject({ kind: 'bundle', path: '', files: 4 });
  expect(await all(join(root, 'm.sealed'))).toMatchObject([
    { kind: 'sealed', path: '', sealedSize: sealed.length },
  ]);
  expect(await codeOf(() => all(join(root, 'nowhere')))).toBe('INPUT_NOT_FOUND');
});

it('and below a place in a store', async () => {
  const made = await store();
  const at = { store: made, key: 'top' };
  expect(short(await all(at))).toEqual(['directory deep', 'directory folder', ...ONE.slice(1)]);
  expect(short(await all(at, true))).toEqual(DEEP);
  const [own] = await all({ store: made, key: 'top/llama.sealed' });
  expect(own).toMatchObject({ kind: 'bundle', path: '', files: 4, modified: '2026-01-02T03:04:05.000Z' });
  expect(short(await all({ store: made, key: 'top/m.sealed' }))).toEqual(['sealed ']);
  expect(short(await all({ store: made, key: '' }))).toEqual(['directory top']);
  expect(await codeOf(() => all({ store: made, key: 'nowhere' }))).toBe('INPUT_NOT_FOUND');
});

it('goes on where a listing has failed', async () => {
  const made = await store();
  const fail = times(3, { throws: refusedWith('STORE_UNAVAILABLE') });
  made.fault = ({ method, count }) => (method === 'list' && count % 2 === 1 ? fail() : undefined);
  expect(short(await all({ store: made, key: 'top' }, true))).toEqual(DEEP);
});

it('holds as little of a long listing as of a short one', async () => {
  const made = new MemoryStore({ page: 100 });
  for (let at = 0; at < 5000; at++) made.set(`m/${String(at).padStart(5, '0')}`, new Uint8Array(1));
  let seen = 0;
  for await (const { path } of listSealed({ store: made, key: 'm' })) {
    expect(path).toBe(String(seen).padStart(5, '0'));
    // It has asked for no more pages than are needed for what it works on.
    expect(made.count('list')).toBeLessThan(seen / 100 + 8);
    seen++;
  }
  expect(seen).toBe(5000);
});

it('is told by a store that lists nothing', async () => {
  const made = await store();
  Object.defineProperty(made, 'list', { value: undefined });
  expect(await codeOf(() => all({ store: made, key: 'top' }))).toBe('STORE_UNSUPPORTED');
  expect(short(await all({ store: made, key: 'top/m.sealed' }))).toEqual(['sealed ']);
  expect(short(await all({ store: made, key: 'top/llama.sealed' }))).toEqual(['bundle ']);
});

/** A store that lists just these, whatever is asked, and fails at one of them once. */
function listing(names: Iterable<string>, failAt?: number): MemoryStore {
  const made = new MemoryStore();
  let fails = failAt;
  Object.defineProperty(made, 'list', {
    value: async function* () {
      let at = 0;
      for (const key of names) {
        if (at++ === fails) {
          fails = undefined;
          throw refusedWith('STORE_UNAVAILABLE');
        }
        yield key.endsWith('/') ? { prefix: key } : { key, size: 1, version: '"v"' };
      }
    },
  });
  return made;
}

const shuffled = Array.from({ length: 600 }, (_, at) => `m/${String((at * 7) % 600).padStart(3, '0')}`);

it('leaves nothing out of a list that has an order of its own', async () => {
  const found = await all({ store: listing(shuffled), key: 'm' });
  expect(found.map(({ path }) => `m/${path}`)).toEqual(shuffled);
});

it.each([100, 300, 599])(
  'refuses such a list that broke off, at %i, rather than leave something out',
  async (at) => {
    expect(await codeOf(() => all({ store: listing(shuffled, at), key: 'm' }))).toBe(
      'STORE_RESPONSE_INVALID',
    );
  },
);

it.each([
  ['what is not below the place', ['m/a', 'n/b']],
  ['what it is by another spelling', ['m/a', 'M/b']],
  ['the same on pages without end', Array<string>(1000).fill('m/a')],
])('refuses a list of %s', async (_, names) => {
  expect(await codeOf(() => all({ store: listing(names), key: 'm' }))).toBe('STORE_RESPONSE_INVALID');
});

it('does not look below levels for ever', async () => {
  const made = new MemoryStore();
  Object.defineProperty(made, 'list', {
    value: async function* (prefix: string) {
      yield { prefix: `${prefix}a/` };
    },
  });
  expect(await codeOf(() => all({ store: made, key: 'm' }, true))).toBe('STORE_RESPONSE_INVALID');
});

const DENIED = { throws: refusedWith('STORE_DENIED') };

it('tells what below it cannot be listed, in its turn, and goes on', async () => {
  const made = await store();
  made.fault = ({ method, key }) => (method === 'list' && key === 'top/deep/er/' ? DENIED : undefined);
  expect(await codeOf(() => all({ store: made, key: 'top' }, true))).toBe('STORE_DENIED');
  const told: string[] = [];
  const onUnreadable = (path: string, { code }: WeightsealError) => told.push(`${code} ${path}`);
  for await (const { kind, path } of listSealed(
    { store: made, key: 'top' },
    { recursive: true, onUnreadable },
  ))
    told.push(`${kind} ${path}`);
  expect(told).toEqual(['STORE_DENIED deep/er', ...DEEP.slice(1)]);
  // The place itself must be readable.
  made.fault = ({ method }) => (method === 'list' ? DENIED : undefined);
  const itself = listSealed({ store: made, key: 'top' }, { onUnreadable });
  expect(await codeOf(() => Array.fromAsync(itself))).toBe('STORE_DENIED');
});

import type { PartRules } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ObjectSource } from '../../src/store/object-source.js';
import { readAhead } from '../../src/store/read-ahead.js';
import { replaceHead } from '../../src/store/replace-head.js';
import { code, pattern, refusal } from '../support/sealed.js';
import { refusedWith } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const tuning = { partBytes: 1000, requestBytes: 300, attempts: 3 };

function withObject(size: number, rules: Partial<PartRules> = {}) {
  const store = new MemoryStore({ rules: { least: 500, most: 1000, ...rules } });
  store.set('k', pattern(size));
  return { store, location: { store, key: 'k', tuning } };
}

/** A store whose uploads cannot copy. */
function withoutCopy(store: MemoryStore): MemoryStore {
  const { upload } = store;
  store.upload = async (...given) =>
    Object.defineProperty(await upload.apply(store, given), 'copy', { value: undefined });
  return store;
}

const head = pattern(80, 9);
const after = (size: number, from: number) => Uint8Array.from([...head, ...pattern(size).subarray(from)]);

describe('an object gets another beginning', () => {
  it('by one request where it is small', async () => {
    const { store, location } = withObject(900);
    await using source = await ObjectSource.open(location, { first: 100 });
    const moved = await replaceHead(source, 60, head, {});
    expect(store.get('k')).toEqual(after(900, 60));
    expect(moved).toMatchObject({ read: 840, written: 920, copied: 0 });
    expect(store.count('put')).toBe(1);
    expect(store.count('upload')).toBe(0);
  });

  it('by copies in the store where it is large', async () => {
    const { store, location } = withObject(20_000);
    await using source = await ObjectSource.open(location, { first: 100 });
    const moved = await replaceHead(source, 60, head, {});
    expect(store.get('k')).toEqual(after(20_000, 60));
    expect(moved).toMatchObject({ read: 420, written: 500, copied: 19_520 });
  });

  it('through memory where the store cannot copy', async () => {
    const { store, location } = withObject(20_000, { anyOrder: false });
    withoutCopy(store);
    await using source = await ObjectSource.open(location, { first: 100 });
    const moved = await replaceHead(source, 60, head, {});
    expect(store.get('k')).toEqual(after(20_000, 60));
    expect(moved).toMatchObject({ read: 19_940, written: 20_020, copied: 0 });
  });

  it('through memory where the store finds that it cannot copy', async () => {
    const { store, location } = withObject(20_000);
    store.fault = ({ method }) =>
      method === 'copy' ? { throws: refusedWith('STORE_UNSUPPORTED') } : undefined;
    await using source = await ObjectSource.open(location, { first: 100 });
    const moved = await replaceHead(source, 60, head, {});
    expect(store.get('k')).toEqual(after(20_000, 60));
    expect(moved).toMatchObject({ copied: 0 });
    expect(store.uploads.size).toBe(0);
  });

  it.each(['stat', 'read', 'upload', 'part', 'copy', 'complete'] as const)(
    'or keeps the one that it has, when somebody replaces it before a %s',
    async (kind) => {
      const { store, location } = withObject(20_000);
      await using source = await ObjectSource.open(location, { first: 100 });
      store.fault = ({ method }) => {
        if (method === kind) store.set('k', pattern(20_000, 2));
        return undefined;
      };
      const error = await refusal(() => replaceHead(source, 60, head, {}));
      expect(error.code).toBe('INPUT_CHANGED');
      expect(store.get('k')).toEqual(pattern(20_000, 2));
      expect(store.uploads.size).toBe(0);
    },
  );

  it('whatever its size and the rules are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 61, max: 6000 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (size, least, multiple, copies) => {
          const { store, location } = withObject(size, { least, multiple, count: 10_000 });
          if (!copies) withoutCopy(store);
          await using source = await ObjectSource.open(location, { first: 100 });
          await replaceHead(source, 60, head, {});
          expect(store.get('k')).toEqual(after(size, 60));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('bytes that are read ahead', () => {
  it('come in order, and only those that were asked for', async () => {
    const { location } = withObject(5000);
    await using source = await ObjectSource.open(location, { first: 1 });
    const pieces = [];
    for await (const piece of readAhead(source, 100, 4321, undefined)) pieces.push(piece);
    expect(Uint8Array.from(Buffer.concat(pieces))).toEqual(pattern(5000).slice(100, 4321));
  });

  it('end with whoever takes them, and with the caller', async () => {
    const { store, location } = withObject(5000);
    await using source = await ObjectSource.open(location, { first: 1 });
    const controller = new AbortController();
    await expect(async () => {
      for await (const _ of readAhead(source, 0, 5000, controller.signal)) controller.abort();
    }).rejects.toEqual(code('ABORTED'));
    for await (const _ of readAhead(source, 0, 5000, undefined)) break;
    expect(store.underWay).toBe(0);
  });
});

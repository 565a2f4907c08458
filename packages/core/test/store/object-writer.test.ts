import type { PartRules, StoreTuning } from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { WriteCondition } from '../../src/store/object-store.js';
import { ObjectWriter, type WriterOptions } from '../../src/store/object-writer.js';
import { settled } from '../support/held-key.js';
import { code, failureOf, pattern, refusal } from '../support/sealed.js';
import { refusedWith, throttled, times, unavailable } from './support/faults.js';
import { MemoryStore, type Request } from './support/memory-store.js';

const KEY = 'dir/object';
const quick: StoreTuning = { partBytes: 1000, requestTimeoutMs: 50, deadlineMs: 60_000, attempts: 4 };
const ABSENT: WriteCondition = { ifAbsent: true };

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) {
    expect(store.underWay, 'requests left under way').toBe(0);
    expect([...store.uploads], 'uploads left').toEqual([]);
  }
});

function storeOf(rules: Partial<PartRules> = {}): MemoryStore {
  const store = new MemoryStore({ rules });
  stores.push(store);
  return store;
}

const at = (store: MemoryStore, tuning: StoreTuning = quick) => ({ store, key: KEY, tuning });
const methods = (store: MemoryStore) => store.requests.map(({ method }) => method);

/** Writes all of it, in pieces of this length. */
async function write(
  store: MemoryStore,
  bytes: Uint8Array,
  {
    pieces = 700,
    tuning = quick,
    ...options
  }: WriterOptions & { pieces?: number; tuning?: StoreTuning } = {},
) {
  await using writer = await ObjectWriter.create(at(store, tuning), options);
  const begin = options.head?.length ?? 0;
  for (let from = begin; from < bytes.length; from += pieces)
    await writer.write(bytes.subarray(from, from + pieces));
  return await writer.complete(writer.headLast ? bytes.slice(0, begin) : undefined);
}

describe('an object that is written', () => {
  it.each([0, 1, 999, 1000])('is one request, of %i bytes', async (size) => {
    const store = storeOf();
    const object = await write(store, pattern(size), { condition: ABSENT });
    expect(object).toMatchObject({ key: KEY, size });
    expect(store.get(KEY)).toEqual(pattern(size));
    expect(methods(store)).toEqual(['put']);
  });

  it('comes in parts where it is longer', async () => {
    const store = storeOf();
    await write(store, pattern(3001));
    expect(store.get(KEY)).toEqual(pattern(3001));
    expect(methods(store)).toEqual(['upload', 'part', 'part', 'part', 'part', 'complete']);
    expect(store.requests.filter(({ method }) => method === 'part').map(({ length }) => length)).toEqual([
      1000, 1000, 1000, 1,
    ]);
  });

  it('is told of as a whole when its last part is full', async () => {
    const store = storeOf();
    await write(store, pattern(3000));
    expect(store.count('part')).toBe(3);
  });

  it('is begun at once where it is known to be long, and what is there already refused then', async () => {
    const store = storeOf();
    store.set(KEY, pattern(1));
    const creating = () => ObjectWriter.create(at(store), { size: 5000, condition: ABSENT });
    expect(await refusal(creating)).toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(methods(store)).toEqual(['stat']);
  });

  it('is refused by whoever may look only where the store says so', async () => {
    const store = storeOf();
    store.fault = ({ method }) => (method === 'stat' ? { throws: refusedWith('STORE_DENIED') } : undefined);
    await write(store, pattern(3000), { condition: ABSENT });
    expect(store.get(KEY)).toEqual(pattern(3000));
  });

  it.each([500, 5000])('replaces only the version that it was to replace, of %i bytes', async (size) => {
    const store = storeOf();
    const { version } = store.set(KEY, pattern(10));
    await write(store, pattern(size), { condition: { ifVersion: version } });
    const again = () => write(store, pattern(size, 2), { condition: { ifVersion: version } });
    expect(await refusal(again)).toMatchObject({ code: 'INPUT_CHANGED' });
    expect(store.get(KEY)).toEqual(pattern(size));
  });

  it.each([500, 5000])(
    'is nobody else’s: of two that are written at once one is refused, of %i bytes',
    async (size) => {
      const store = storeOf();
      const both = await Promise.allSettled(
        [1, 2].map((seed) => write(store, pattern(size, seed), { condition: ABSENT })),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const winner = both.findIndex(({ status }) => status === 'fulfilled');
      expect(store.get(KEY)).toEqual(pattern(size, winner + 1));
      expect(both[1 - winner]).toMatchObject({ reason: { code: 'OUTPUT_EXISTS' } });
    },
  );

  it('has the size that was told of it', async () => {
    const store = storeOf();
    expect(await refusal(() => write(store, pattern(2999), { size: 3000 }))).toMatchObject({
      code: 'INPUT_CHANGED',
    });
    expect(await refusal(() => write(store, pattern(3001), { size: 3000 }))).toMatchObject({
      code: 'INPUT_CHANGED',
    });
    expect(await refusal(() => write(store, pattern(301), { size: 300 }))).toMatchObject({
      code: 'INPUT_CHANGED',
    });
    expect(store.get(KEY)).toBeUndefined();
  });

  it('has a name', async () => {
    const store = storeOf();
    const creating = () => ObjectWriter.create({ store, key: '' });
    expect(await refusal(creating)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is refused by a store that only gives', async () => {
    const store = storeOf();
    Object.defineProperty(store, 'put', { value: undefined });
    expect(await refusal(() => write(store, pattern(1)))).toMatchObject({ code: 'STORE_UNSUPPORTED' });
  });

  it('is as long as one part where the store takes no parts', async () => {
    const store = storeOf();
    Object.defineProperty(store, 'upload', { value: undefined });
    await write(store, pattern(1000));
    expect(store.get(KEY)).toEqual(pattern(1000));
    expect(await refusal(() => write(store, pattern(1001)))).toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: expect.stringContaining('partBytes'),
    });
  });

  it('of any size, written in any pieces, in parts of any rules, is the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          multiple: fc.integer({ min: 1, max: 8 }),
          least: fc.integer({ min: 1, max: 40 }),
          anyOrder: fc.boolean(),
        }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(150), { maxLength: 12 }),
        fc.nat(50),
        fc.boolean(),
        fc.boolean(),
        async (given, partBytes, sizes, length, known, holds) => {
          const store = storeOf({ ...given, most: 200 });
          const bytes = pattern(length + sizes.reduce((sum, size) => sum + size, 0));
          const early = () => bytes.slice(0, length);
          const head = holds ? { length, early } : undefined;
          const size = known ? bytes.length : undefined;
          await using writer = await ObjectWriter.create(at(store, { partBytes }), { size, head });
          if (!holds) await writer.write(bytes.slice(0, length));
          let from = length;
          for (const next of sizes) {
            await writer.write(bytes.slice(from, from + next));
            from += next;
          }
          await writer.complete(writer.headLast ? early() : undefined);
          expect(store.get(KEY)).toEqual(bytes);
        },
      ),
      { numRuns: 200 },
    );
    expect(stores.length).toBeGreaterThan(100);
  });
});

describe('memory for what is written', () => {
  /** A store that answers no part before it is told to. */
  function held(rules: Partial<PartRules> = {}) {
    const store = storeOf(rules);
    let release = () => {};
    const after = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.fault = ({ method }) => (method === 'part' ? { after } : undefined);
    return { store, release };
  }

  it('is that of the parts that are on their way at once, and of one that is filled', async () => {
    const { store, release } = held();
    await using writer = await ObjectWriter.create(at(store, { ...quick, concurrency: 3 }));
    let taken = 0;
    const writing = (async () => {
      for (; taken < 20; taken++) await writer.write(pattern(1000));
    })();
    for (let turns = 0; turns < 50; turns++) await settled();
    expect(store.count('part')).toBe(3);
    expect(taken).toBe(4);
    release();
    await writing;
    await writer.complete();
    expect(store.most).toBe(3);
    expect(store.get(KEY)).toHaveLength(20_000);
  });

  it('is that of two parts where they must come in order', async () => {
    const { store, release } = held({ anyOrder: false });
    await using writer = await ObjectWriter.create(at(store));
    let taken = 0;
    const writing = (async () => {
      for (; taken < 20; taken++) await writer.write(pattern(1000));
    })();
    for (let turns = 0; turns < 50; turns++) await settled();
    expect([store.count('part'), taken]).toEqual([1, 2]);
    release();
    await writing;
    await writer.complete();
    expect(store.most).toBe(1);
  });

  it('is the caller’s again when it has been written', async () => {
    const store = storeOf();
    await using writer = await ObjectWriter.create(at(store));
    const piece = new Uint8Array(300);
    for (let round = 0; round < 40; round++) {
      piece.fill(round);
      await writer.write(piece);
      piece.fill(0xff);
    }
    await writer.complete();
    expect(store.get(KEY)).toEqual(new Uint8Array(12_000).map((_, index) => Math.floor(index / 300)));
  });
});

describe('a beginning that is known at the end', () => {
  const bytes = pattern(5000);
  const never = () => {
    throw new Error('it was asked early');
  };

  it('comes last where parts come in any order', async () => {
    const store = storeOf();
    await write(store, bytes, { head: { length: 100, early: never } });
    expect(store.get(KEY)).toEqual(bytes);
    const offsets = store.requests.filter(({ method }) => method === 'part').map(({ offset }) => offset);
    expect(offsets.at(-1)).toBe(0);
  });

  it('comes last wherever all is one request', async () => {
    const store = storeOf({ anyOrder: false });
    await write(store, bytes.slice(0, 900), { head: { length: 100, early: never } });
    expect(store.get(KEY)).toEqual(bytes.slice(0, 900));
  });

  it('is asked for before where parts come in order', async () => {
    const store = storeOf({ anyOrder: false });
    await using writer = await ObjectWriter.create(at(store), {
      head: { length: 100, early: () => bytes.slice(0, 100) },
    });
    await writer.write(bytes.subarray(100));
    expect(writer.headLast).toBe(false);
    await writer.complete();
    expect(store.get(KEY)).toEqual(bytes);
  });
});

describe('a write that fails', () => {
  const kinds = ['upload', 'part', 'complete', 'put'] as const;

  it.each(kinds)('goes on after a %s that may be made again', async (kind) => {
    for (const fault of [throttled, unavailable]) {
      const store = storeOf();
      const bytes = pattern(kind === 'put' ? 500 : 5000);
      const first = times(2, fault);
      store.fault = ({ method }) => (method === kind ? first() : undefined);
      await write(store, bytes, { condition: ABSENT });
      expect(store.get(KEY)).toEqual(bytes);
    }
  });

  it.each(kinds)('is told, and leaves nothing, after a %s that may not', async (kind) => {
    const store = storeOf();
    store.fault = ({ method }) => (method === kind ? { throws: refusedWith('STORE_DENIED') } : undefined);
    const error = await refusal(() =>
      write(store, pattern(kind === 'put' ? 500 : 5000), { condition: ABSENT }),
    );
    expect(error.code).toBe('STORE_DENIED');
    expect(store.get(KEY)).toBeUndefined();
    expect(store.uploads.size).toBe(0);
  });

  it.each(kinds)('that never ends is told in time, and leaves nothing: %s', async (kind) => {
    const store = storeOf();
    store.fault = ({ method }) => (method === kind ? { hang: true } : undefined);
    const tuning = { ...quick, requestTimeoutMs: 10, deadlineMs: 60 };
    const error = await refusal(() => write(store, pattern(kind === 'put' ? 500 : 5000), { tuning }));
    expect(error.code).toBe('STORE_TIMEOUT');
    expect(store.get(KEY)).toBeUndefined();
  });

  it('is told to whoever writes on, and no part is begun after it', async () => {
    const store = storeOf();
    store.fault = ({ method, offset }) =>
      method === 'part' && offset === 2000 ? { throws: refusedWith('STORE_DENIED') } : undefined;
    await using writer = await ObjectWriter.create(at(store));
    const error = await failureOf(async () => {
      for (let round = 0; round < 1000; round++) await writer.write(pattern(1000));
    });
    expect(error).toMatchObject({ code: 'STORE_DENIED' });
    expect(store.count('part')).toBeLessThan(40);
    expect(await failureOf(() => writer.complete())).toBe(error);
  });

  it('leaves nothing when it is not completed', async () => {
    const store = storeOf();
    const writer = await ObjectWriter.create(at(store));
    await writer.write(pattern(5000));
    expect(store.uploads.size).toBe(1);
    await writer[Symbol.asyncDispose]();
    await writer[Symbol.asyncDispose]();
    expect(store.uploads.size).toBe(0);
    expect(store.get(KEY)).toBeUndefined();
  });

  it('ends at once when the caller aborts, and leaves nothing', async () => {
    for (const kind of ['upload', 'part', 'complete', 'put'] as const) {
      const store = storeOf();
      const controller = new AbortController();
      store.fault = ({ method }) => {
        if (method !== kind) return undefined;
        queueMicrotask(() => controller.abort(new Error('enough')));
        return { hang: true };
      };
      const bytes = pattern(kind === 'put' ? 500 : 5000);
      const error = await refusal(() => write(store, bytes, { signal: controller.signal }));
      expect(error.code, kind).toBe('ABORTED');
      expect(store.get(KEY)).toBeUndefined();
      expect(store.uploads.size, kind).toBe(0);
    }
  });

  it('is told although what it began cannot be given up', async () => {
    const store = storeOf();
    store.fault = ({ method }) => {
      if (method === 'part') return { throws: refusedWith('STORE_DENIED') };
      return method === 'abort' ? { throws: refusedWith('STORE_UNSUPPORTED') } : undefined;
    };
    expect(await refusal(() => write(store, pattern(5000)))).toMatchObject({ code: 'STORE_DENIED' });
    store.uploads.clear();
  });
});

describe('an answer that was lost', () => {
  const lost = { lost: refusedWith('STORE_UNAVAILABLE') };
  /** As those stores are that forget an upload when it is complete. */
  function forgetful(store: MemoryStore): MemoryStore {
    const { upload } = store;
    store.upload = async (...given) => {
      const begun = await upload.apply(store, given);
      const complete = begun.complete.bind(begun);
      let done = false;
      begun.complete = async (call) => {
        if (done) throw refusedWith('INPUT_NOT_FOUND');
        try {
          return await complete(call);
        } finally {
          done = true;
        }
      };
      return begun;
    };
    return store;
  }
  const of = (kind: Request['method'], count = 1) => {
    const first = times(count, lost);
    return ({ method }: Request) => (method === kind ? first() : undefined);
  };

  it.each([ABSENT, undefined])('of a put is no failure, nor is meeting oneself: %j', async (condition) => {
    const store = storeOf();
    store.fault = of('put');
    const object = await write(store, pattern(500), { condition });
    expect(object).toMatchObject({ size: 500 });
    expect(store.get(KEY)).toEqual(pattern(500));
  });

  it.each([ABSENT, undefined])(
    'of a completion is no failure, where the store remembers it or not: %j',
    async (condition) => {
      for (const store of [storeOf(), forgetful(storeOf())]) {
        store.fault = of('complete');
        expect(await write(store, pattern(5000), { condition })).toMatchObject({ size: 5000 });
        expect(store.get(KEY)).toEqual(pattern(5000));
      }
    },
  );

  it('of every attempt is no failure either', async () => {
    const store = storeOf();
    store.fault = of('put', 100);
    expect(await write(store, pattern(500))).toMatchObject({ size: 500 });
  });

  it('of a part sends it again', async () => {
    const store = storeOf();
    store.fault = of('part', 3);
    await write(store, pattern(5000));
    expect(store.get(KEY)).toEqual(pattern(5000));
    expect(store.count('part')).toBe(8);
  });

  it('is a failure where somebody else’s object is there', async () => {
    for (const theirs of [pattern(500, 2), pattern(501)]) {
      const store = storeOf();
      store.fault = ({ method, count }) => {
        if (method !== 'put' || count > 0) return undefined;
        store.set(KEY, theirs);
        return { throws: refusedWith('STORE_UNAVAILABLE') };
      };
      const error = await refusal(() => write(store, pattern(500), { condition: ABSENT }));
      expect(error.code).toBe('OUTPUT_EXISTS');
      expect(store.get(KEY)).toEqual(theirs);
    }
  });

  it('of which nothing can be known is said to be that', async () => {
    const store = storeOf();
    store.fault = ({ method }) => {
      if (method === 'put') return lost;
      return method === 'read' ? { throws: refusedWith('STORE_DENIED') } : undefined;
    };
    const error = await refusal(() => write(store, pattern(500)));
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('Look before'),
    });
  });

  it('because the caller aborted is looked up, too', async () => {
    const store = storeOf();
    const controller = new AbortController();
    const { put } = store;
    store.put = async (...given) => {
      const object = await put.apply(store, given);
      controller.abort();
      await new Promise(() => {});
      return object;
    };
    expect(await write(store, pattern(500), { signal: controller.signal })).toMatchObject({ size: 500 });
  });

  it('of another size than was written is no success', async () => {
    const store = storeOf();
    const { put } = store;
    store.put = async (...given) => ({ ...(await put.apply(store, given)), size: 7 });
    const error = await refusal(async () => {
      store.fault = ({ method }) =>
        method === 'read' ? { throws: refusedWith('INPUT_NOT_FOUND') } : undefined;
      return await write(store, pattern(500));
    });
    expect(error).toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    expect(code('STORE_RESPONSE_INVALID')).toBeDefined();
  });
});

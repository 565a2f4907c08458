import { ObjectSource, type StoreTuning } from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { settled } from '../support/held-key.js';
import { code, failureOf, pattern, refusal } from '../support/sealed.js';
import { anyFault, type Fault, onTheWay, times } from './support/faults.js';
import { MemoryStore, type Request } from './support/memory-store.js';

const BYTES = pattern(300_000);
const HEAD = 65_536;
const quick: StoreTuning = { requestTimeoutMs: 30, deadlineMs: 60_000, attempts: 4 };

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) expect(store.underWay, 'requests left under way').toBe(0);
});

function storeWith(bytes: Uint8Array = BYTES, pieceBytes = 10_000): MemoryStore {
  const store = new MemoryStore({ pieceBytes });
  store.set('dir/object', bytes);
  stores.push(store);
  return store;
}

const at = (store: MemoryStore, tuning: StoreTuning = quick) => ({ store, key: 'dir/object', tuning });

/** The fault for reads behind the first bytes. */
function ofRanges(fault: (request: Request) => Fault | undefined): MemoryStore['fault'] {
  return (request) => (request.method === 'read' && request.offset! > 0 ? fault(request) : undefined);
}

const ranges = (store: MemoryStore) => store.requests.map(({ offset, length }) => [offset, length]);

describe('an object in a store', () => {
  it('of few bytes comes with one request', async () => {
    const bytes = pattern(50_000);
    const store = storeWith(bytes);
    await using source = await ObjectSource.open(at(store));
    expect(source.size).toBe(50_000);
    expect(source.object).toMatchObject({ key: 'dir/object', version: '"v1"' });
    expect(await source.read(0, 50_000)).toEqual(bytes);
    expect(await source.read(49_999, 1)).toEqual(bytes.subarray(-1));
    expect(store.count()).toBe(1);
  });

  it('without a byte can be opened', async () => {
    const store = storeWith(new Uint8Array());
    await using source = await ObjectSource.open(at(store));
    expect(source.size).toBe(0);
    expect(await source.read(0, 0)).toEqual(new Uint8Array());
  });

  it('is asked for what did not come with the opening alone', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    expect(await source.read(HEAD - 10, 30)).toEqual(BYTES.subarray(HEAD - 10, HEAD + 20));
    expect(ranges(store)).toEqual([
      [0, HEAD],
      [HEAD, 20],
    ]);
  });

  it('of a listing is not asked for again', async () => {
    const store = storeWith();
    const source = ObjectSource.of(at(store), store.objects.get('dir/object')!.object);
    expect(source.size).toBe(300_000);
    expect(store.count()).toBe(0);
    expect(await source.read(5, 5)).toEqual(BYTES.subarray(5, 10));
    expect(source.uri).toBe('memory://bucket/dir/object');
  });

  it('is read into shared memory', async () => {
    await using source = await ObjectSource.open(at(storeWith()));
    const out = new Uint8Array(new SharedArrayBuffer(100_000));
    await source.readInto(out, 60_000);
    expect(Buffer.compare(out, BYTES.subarray(60_000, 160_000))).toBe(0);
  });

  it('that is not there is told, and a place that names none', async () => {
    const store = storeWith();
    expect(await refusal(() => ObjectSource.open({ store, key: 'other' }))).toEqual(code('INPUT_NOT_FOUND'));
    expect(await refusal(() => ObjectSource.open({ store, key: '' }))).toEqual(code('INVALID_ARGUMENT'));
    const nothing = 'dir/object' as never;
    expect(await refusal(() => ObjectSource.open(nothing))).toEqual(code('INVALID_ARGUMENT'));
  });

  it('gives nothing beyond its end, and nothing once it is closed', async () => {
    const source = await ObjectSource.open(at(storeWith()));
    expect(await refusal(() => source.read(299_999, 2))).toEqual(code('INVALID_ARGUMENT'));
    expect(await refusal(() => source.read(-1, 2))).toEqual(code('INVALID_ARGUMENT'));
    await source.close();
    await source.close();
    expect(await refusal(() => source.read(100_000, 2))).toEqual(code('INVALID_ARGUMENT'));
  });

  it('says how it likes to be read', async () => {
    const tuning = { concurrency: 3, requestBytes: 1000 };
    await using source = await ObjectSource.open(at(storeWith(), tuning));
    expect(source).toMatchObject(tuning);
    await using other = await ObjectSource.open(at(storeWith(), tuning), { concurrency: 5 });
    expect(other).toMatchObject({ concurrency: 5, requestBytes: 1000 });
  });
});

describe('a range on its way', () => {
  it.each(onTheWay(100_000))('goes on where it was after %s', async (_, fault, done) => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.fault = ofRanges(times(1, fault));
    expect(await source.read(100_000, 100_000)).toEqual(BYTES.subarray(100_000, 200_000));
    expect(ranges(store).slice(1)).toEqual([
      [100_000, 100_000],
      [100_000 + done, 100_000 - done],
    ]);
  });

  it('begins its attempts anew as long as more comes', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store, { ...quick, attempts: 2 }));
    store.fault = ofRanges(() => ({ resetAfter: 20_000 }));
    expect(await source.read(100_000, 100_000)).toEqual(BYTES.subarray(100_000, 200_000));
    expect(store.count()).toBe(6);
  });

  it('is there when all of it has come, although its end does not', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.fault = ofRanges(times(1, { long: 10, stallAfter: 100_000 }));
    expect(await source.read(100_000, 100_000)).toEqual(BYTES.subarray(100_000, 200_000));
    expect(store.count()).toBe(2);
  });

  it('is refused when more comes than was asked for', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.fault = ofRanges(() => ({ long: 1 }));
    const error = await refusal(() => source.read(100_000, 100_000));
    expect(error).toMatchObject({
      code: 'STORE_RESPONSE_INVALID',
      message: expect.stringContaining('memory://bucket/dir/object'),
    });
    expect(store.count()).toBe(2);
  });

  it('is of one version: refused when the object was replaced', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.set('dir/object', pattern(300_000, 2));
    expect(await refusal(() => source.read(100_000, 10))).toEqual(code('INPUT_CHANGED'));
  });

  it('and also when it was replaced in the middle of the range', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.fault = ofRanges(({ offset }) => {
      if (offset! > 100_000) store.set('dir/object', pattern(300_000, 2));
      return { resetAfter: 30_000 };
    });
    expect(await refusal(() => source.read(100_000, 100_000))).toEqual(code('INPUT_CHANGED'));
  });

  it('and also in the middle of the opening', async () => {
    const store = storeWith();
    store.fault = ({ offset }) => {
      if (offset! > 0) store.set('dir/object', pattern(300_000, 2));
      return { resetAfter: 30_000 };
    };
    expect(await refusal(() => ObjectSource.open(at(store)))).toEqual(code('INPUT_CHANGED'));
  });

  it('is refused when a store does not heed the version, and says so', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store));
    store.fault = ofRanges(() => ({ version: '"other"' }));
    expect(await refusal(() => source.read(100_000, 10))).toEqual(code('INPUT_CHANGED'));
  });

  it('ends at once with the caller, and its memory is left alone from then on', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store, {}));
    const caller = new AbortController();
    let pieces = 0;
    const { promise: never } = Promise.withResolvers();
    const slowly = () => {
      if (++pieces <= 3) return Promise.resolve();
      caller.abort();
      return never;
    };
    store.fault = ofRanges(() => ({ slowly }));
    const out = new Uint8Array(100_000);
    expect(await refusal(() => source.readInto(out, 100_000, caller.signal))).toEqual(code('ABORTED'));
    const left = out.slice();
    await settled();
    expect(out).toEqual(left);
    expect(left.subarray(30_000).every((byte) => byte === 0)).toBe(true);
  });

  it('ends when the source is closed', async () => {
    const store = storeWith();
    const source = await ObjectSource.open(at(store, {}));
    store.fault = ofRanges(() => ({ hang: true }));
    const reading = refusal(() => source.read(100_000, 10));
    await settled();
    await source.close();
    expect(await reading).toEqual(code('INVALID_ARGUMENT'));
  });

  it('of which many are wanted: no more at once than the place says', async () => {
    const store = storeWith();
    await using source = await ObjectSource.open(at(store, { concurrency: 3 }));
    const reads = Array.from({ length: 20 }, (_, i) => source.read(70_000 + i * 1000, 1000));
    const read = Buffer.concat(await Promise.all(reads));
    expect(Buffer.compare(read, BYTES.subarray(70_000, 90_000))).toBe(0);
    expect(store.most).toBe(3);
  });

  it('whatever happens to it: the bytes are right, or there is one code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFault(60_000), { maxLength: 4 }),
        fc.nat({ max: 250_000 }),
        fc.integer({ min: 1, max: 50_000 }),
        fc.boolean(),
        async (faults, offset, length, hedge) => {
          const store = storeWith(BYTES, 7000);
          store.fault = ({ count }) => faults[count];
          // Four faults and more attempts than that; pauses are short in the middle.
          const tuning = { requestTimeoutMs: 5, attempts: 2, deadlineMs: 10_000, hedge };
          const error = await failureOf(async () => {
            await using source = await ObjectSource.open(at(store, tuning));
            expect(await source.read(offset, length)).toEqual(BYTES.subarray(offset, offset + length));
          });
          if (error !== undefined)
            expect((error as { code?: string }).code).toMatch(/^STORE_|^INPUT_(?:CHANGED|NOT_FOUND)$/);
          await settled();
          expect(store.underWay).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a store that does not listen', () => {
  /** A store whose pieces come when the test says so, whatever became of the request. */
  function deaf(): { store: MemoryStore; give: (() => void)[] } {
    const store = storeWith();
    const give: (() => void)[] = [];
    const read = store.read.bind(store);
    store.read = async (key, range, call) => {
      if (range.offset === 0) return await read(key, range, call);
      const { object } = store.objects.get(key)!;
      const piece = new Uint8Array(50).fill(7);
      const next = () =>
        new Promise<IteratorResult<Uint8Array>>((resolve) =>
          give.push(() => resolve({ value: piece, done: false })),
        );
      return { object, body: { [Symbol.asyncIterator]: () => ({ next }) } };
    };
    return { store, give };
  }

  it('ends no later, and writes nothing once its reader has had enough', async () => {
    const { store, give } = deaf();
    await using source = await ObjectSource.open(at(store, {}));
    const caller = new AbortController();
    const out = new Uint8Array(100);
    const reading = refusal(() => source.readInto(out, 100_000, caller.signal));
    await settled();
    give.shift()!();
    await settled();
    expect(out.subarray(0, 50).every((byte) => byte === 7)).toBe(true);
    caller.abort();
    expect(await reading).toEqual(code('ABORTED'));
    out.fill(0);
    give.shift()!();
    await settled();
    expect(out.every((byte) => byte === 0)).toBe(true);
  });

  it('writes nothing once it was given up for another request', async () => {
    const { store, give } = deaf();
    await using source = await ObjectSource.open(at(store, { requestTimeoutMs: 20, attempts: 2 }));
    const out = new Uint8Array(100);
    const reading = refusal(() => source.readInto(out, 100_000));
    expect(await reading).toEqual(code('STORE_TIMEOUT'));
    expect(give).toHaveLength(2);
    for (const one of give) one();
    await settled();
    expect(out.every((byte) => byte === 0)).toBe(true);
  });
});

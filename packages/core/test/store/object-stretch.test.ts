import { ObjectSource, type StoreTuning, type Stretch } from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { settled } from '../support/held-key.js';
import { code, failureOf, pattern, refusal } from '../support/sealed.js';
import { anyFault, type Fault, onTheWay, times } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const BYTES = pattern(300_000);
const FROM = 100_000;
const LENGTH = 150_000;
const quick: StoreTuning = { requestTimeoutMs: 30, deadlineMs: 60_000, attempts: 4 };

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) expect(store.underWay, 'requests left under way').toBe(0);
});

async function open(tuning: StoreTuning = quick, pieceBytes = 7_000) {
  const store = new MemoryStore({ pieceBytes });
  store.set('object', BYTES);
  stores.push(store);
  const source = await ObjectSource.open({ store, key: 'object', tuning }, { first: 10 });
  store.requests.splice(0);
  return { store, source, stretch: source.stretch(FROM, LENGTH) };
}

/** All of it, into memories of these sizes. */
async function rest(stretch: Stretch, ...sizes: number[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let left = LENGTH, i = 0; left > 0; i++) {
    const part = new Uint8Array(new SharedArrayBuffer(Math.min(left, sizes[i % sizes.length]!)));
    await stretch.readInto(part);
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts);
}

const expected = Buffer.from(BYTES.subarray(FROM, FROM + LENGTH));
const ranges = (store: MemoryStore) => store.requests.map(({ offset, length }) => [offset, length]);

describe('a stretch of an object', () => {
  it('is one request, whatever the memories are that it goes into', async () => {
    const { store, source, stretch } = await open();
    expect((await rest(stretch, 1, 6_999, 20_000)).equals(expected)).toBe(true);
    await stretch.close();
    expect(ranges(store)).toEqual([[FROM, LENGTH]]);
    await source.close();
  });

  it('asks for nothing before somebody reads, and nothing beyond the object', async () => {
    const { store, source, stretch } = await open();
    await settled();
    expect(store.count()).toBe(0);
    await stretch.close();
    expect(await refusal(async () => source.stretch(299_999, 2))).toEqual(code('INVALID_ARGUMENT'));
    await source.close();
  });

  it.each(onTheWay(LENGTH))('goes on where it was after %s', async (_, fault, done) => {
    const { store, source, stretch } = await open();
    store.fault = times(1, fault);
    expect((await rest(stretch, 40_000)).equals(expected)).toBe(true);
    expect(ranges(store)).toEqual([
      [FROM, LENGTH],
      [FROM + done, LENGTH - done],
    ]);
    await source.close();
  });

  it('is waited for by the store as long as its reader takes: no deadline runs', async () => {
    const { store, source, stretch } = await open({ requestTimeoutMs: 300, deadlineMs: 400, attempts: 1 });
    const out = new Uint8Array(20_000);
    await stretch.readInto(out);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await stretch.readInto(out);
    expect(Buffer.compare(out, expected.subarray(20_000, 40_000))).toBe(0);
    expect(store.count()).toBe(1);
    await stretch.close();
    await source.close();
  });

  it('has as much time for each memory as a range has', async () => {
    const { store, source, stretch } = await open({ deadlineMs: 500, attempts: 1 });
    store.fault = () => ({ slowly: () => new Promise((resolve) => setTimeout(resolve, 40)) });
    expect((await rest(stretch, 14_000)).equals(expected)).toBe(true);
    expect(store.count()).toBe(1);
    await source.close();
  });

  it('and afterwards it runs again', async () => {
    const { store, source, stretch } = await open({ requestTimeoutMs: 300, deadlineMs: 5000, attempts: 1 });
    store.fault = () => ({ stallAfter: 28_000 });
    const out = new Uint8Array(20_000);
    await stretch.readInto(out);
    await new Promise((resolve) => setTimeout(resolve, 700));
    store.fault = unanswered;
    expect(await refusal(() => stretch.readInto(out))).toEqual(code('STORE_TIMEOUT'));
    expect(await refusal(() => stretch.readInto(out))).toEqual(code('STORE_TIMEOUT'));
    await source.close();
  });
  const unanswered = (): Fault => ({ hang: true });

  it('is of one version', async () => {
    const { store, source, stretch } = await open();
    store.fault = ({ count }) => {
      if (count > 1) store.set('object', pattern(300_000, 2));
      return { resetAfter: 30_000 };
    };
    expect(await refusal(() => rest(stretch, 40_000))).toEqual(code('INPUT_CHANGED'));
    await source.close();
  });

  it('is refused when more comes than was asked for', async () => {
    const { store, source, stretch } = await open();
    store.fault = () => ({ long: 1 });
    const whole = await failureOf(async () => {
      await rest(stretch, 40_000);
      await stretch.close();
    });
    expect(whole === undefined || (whole as { code: string }).code === 'STORE_RESPONSE_INVALID').toBe(true);
    expect(store.count()).toBe(1);
    await source.close();
  });

  it('ends at once with its reader, whose memory is left alone from then on', async () => {
    const { store, source, stretch } = await open();
    const caller = new AbortController();
    let pieces = 0;
    const { promise: never } = Promise.withResolvers();
    const slowly = () => {
      if (++pieces <= 3) return Promise.resolve();
      caller.abort();
      return never;
    };
    store.fault = () => ({ slowly });
    const out = new Uint8Array(100_000);
    expect(await refusal(() => stretch.readInto(out, caller.signal))).toEqual(code('ABORTED'));
    const left = out.slice();
    await settled();
    expect(out).toEqual(left);
    expect(left.subarray(21_000).every((byte) => byte === 0)).toBe(true);
    await source.close();
  });

  it('that is closed in the middle ends its request', async () => {
    const { store, source, stretch } = await open();
    await stretch.readInto(new Uint8Array(20_000));
    expect(store.underWay).toBe(1);
    await stretch.close();
    expect(store.underWay).toBe(0);
    expect(await refusal(() => stretch.readInto(new Uint8Array(1)))).toEqual(code('INVALID_ARGUMENT'));
    await source.close();
  });

  it('gives no more than it has, and to one reader at a time', async () => {
    const { source, stretch } = await open();
    const beyond = (bytes: number) => refusal(() => stretch.readInto(new Uint8Array(bytes)));
    expect(await beyond(LENGTH + 1)).toEqual(code('INVALID_ARGUMENT'));
    const first = stretch.readInto(new Uint8Array(LENGTH - 10));
    expect(await beyond(10)).toEqual(code('INVALID_ARGUMENT'));
    await first;
    expect(await beyond(11)).toEqual(code('INVALID_ARGUMENT'));
    await stretch.readInto(new Uint8Array(10));
    await stretch.readInto(new Uint8Array(0));
    expect(await beyond(1)).toEqual(code('INVALID_ARGUMENT'));
    await stretch.close();
    await source.close();
  });

  it('whose end alone is missing is waited for until its reader wants no more', async () => {
    const { store, source, stretch } = await open({});
    store.fault = () => ({ stallAfter: LENGTH, long: 1 });
    await stretch.readInto(new Uint8Array(LENGTH));
    const caller = new AbortController();
    const closing = stretch.close(caller.signal);
    await settled();
    expect(store.underWay).toBe(1);
    caller.abort();
    await closing;
    expect(store.underWay).toBe(0);
    await source.close();
  });

  it('ends with its source', async () => {
    const { store, source, stretch } = await open({});
    store.fault = () => ({ hang: true });
    const reading = refusal(() => stretch.readInto(new Uint8Array(10)));
    await settled();
    await source.close();
    expect(await reading).toEqual(code('INVALID_ARGUMENT'));
  });

  it('whatever happens to it: the bytes are right, or there is one code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFault(160_000), { maxLength: 4 }),
        fc
          .array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 5 })
          .filter((sizes) => Math.max(...sizes) > 5000),
        async (faults, sizes) => {
          const { store, source, stretch } = await open(
            { requestTimeoutMs: 5, attempts: 2, deadlineMs: 10_000 },
            6_000,
          );
          let count = 0;
          store.fault = () => faults[count++];
          const error = await failureOf(async () => {
            expect((await rest(stretch, ...sizes)).equals(expected)).toBe(true);
          });
          if (error !== undefined)
            expect((error as { code?: string }).code).toMatch(/^STORE_|^INPUT_(?:CHANGED|NOT_FOUND)$/);
          await stretch.close();
          await source.close();
          await settled();
          expect(store.underWay).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a store that does not listen', () => {
  it('writes nothing once it was given up for another request', async () => {
    const { store, source } = await open({ requestTimeoutMs: 20, attempts: 2 });
    const give: (() => void)[] = [];
    store.read = async (key) => {
      const { object } = store.objects.get(key)!;
      const value = new Uint8Array(50).fill(7);
      const next = () =>
        new Promise<IteratorResult<Uint8Array>>((resolve) =>
          give.push(() => resolve({ value, done: false })),
        );
      return { object, body: { [Symbol.asyncIterator]: () => ({ next }) } };
    };
    const out = new Uint8Array(100);
    expect(await refusal(() => source.stretch(FROM, 100).readInto(out))).toEqual(code('STORE_TIMEOUT'));
    expect(give).toHaveLength(2);
    for (const one of give) one();
    await settled();
    expect(out.every((byte) => byte === 0)).toBe(true);
    await source.close();
  });
});

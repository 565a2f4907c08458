import { ObjectSource } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { fakeTime } from '../support/fake-time.js';
import { settled } from '../support/held-key.js';
import { pattern, refusal } from '../support/sealed.js';
import { type Fault, refusedWith } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const pass = fakeTime();
const BYTES = pattern(200_000);
const RANGE = 20_000;

/** A source of which enough has been read to know what is usual; all that is asked from now on fails like that, one request after the other. */
async function sourceThen(
  faults: readonly (Fault | undefined)[],
  hedge = true,
): Promise<{ store: MemoryStore; source: ObjectSource }> {
  const store = new MemoryStore({ pieceBytes: 5000 });
  store.set('k', BYTES);
  const source = await ObjectSource.open({ store, key: 'k', tuning: { hedge } }, { first: 1 });
  for (let i = 0; i < 20; i++) await source.read(100, 100);
  const before = store.count();
  store.fault = ({ count }) => faults[count - before];
  return { store, source };
}

const behind = (store: MemoryStore) => store.requests.slice(21).map(({ offset, length }) => [offset, length]);

/** Longer than any usual range, three times over, took on whatever machine this is; shorter than a request may take. */
const LONG = 14_000;

describe('a read that takes much longer than the others', () => {
  it('is asked for a second time from where it is, and what comes first is taken', async () => {
    const { store, source } = await sourceThen([{ stallAfter: 10_000 }, undefined]);
    const out = new Uint8Array(RANGE);
    const reading = source.readInto(out, 50_000);
    await pass(LONG);
    await reading;
    expect(out).toEqual(BYTES.subarray(50_000, 70_000));
    expect(behind(store)).toEqual([
      [50_000, RANGE],
      [60_000, RANGE - 10_000],
    ]);
    await settled();
    expect(store.underWay).toBe(0);
  });

  it('the first one may still be the first', async () => {
    const slow = Promise.withResolvers<void>();
    const { store, source } = await sourceThen([{ after: slow.promise }, { hang: true }]);
    const reading = source.read(50_000, RANGE);
    await pass(LONG);
    expect(behind(store)).toHaveLength(2);
    slow.resolve();
    expect(await reading).toEqual(BYTES.subarray(50_000, 70_000));
    await settled();
    expect(store.underWay).toBe(0);
  });

  it('that the second one is refused is nobody’s concern', async () => {
    const slow = Promise.withResolvers<void>();
    const { source } = await sourceThen([
      { after: slow.promise },
      { throws: refusedWith('STORE_RESPONSE_INVALID') },
    ]);
    const reading = source.read(50_000, RANGE);
    await pass(LONG);
    slow.resolve();
    expect(await reading).toEqual(BYTES.subarray(50_000, 70_000));
  });

  it('is asked for once where nobody wanted that', async () => {
    const slow = Promise.withResolvers<void>();
    const { store, source } = await sourceThen([{ after: slow.promise }], false);
    const reading = source.read(50_000, RANGE);
    await pass(LONG);
    slow.resolve();
    await reading;
    expect(behind(store)).toHaveLength(1);
  });

  it('both end with the caller', async () => {
    const { store, source } = await sourceThen([{ hang: true }, { hang: true }]);
    const caller = new AbortController();
    const reading = refusal(() => source.read(50_000, RANGE, { signal: caller.signal }));
    await pass(LONG);
    caller.abort();
    expect((await reading).code).toBe('ABORTED');
    await settled();
    expect(store.underWay).toBe(0);
  });
});

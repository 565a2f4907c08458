import { bufferSource, isWeightsealError, reseal, rewrap, sealToFile, verify } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/held-key.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, sealBytes } from '../support/sealed.js';
import { type Fault, refusedWith, times } from './support/faults.js';
import { MemoryStore, type Request } from './support/memory-store.js';

const KEY = 'models/m.sealed';
const MANIFEST = `${KEY}.weightseal.manifest.json`;
const key = new MemoryKey('one');
const other = new MemoryKey('two');
const options = { keys: [key], segmentLength: 4096 };
const tuning = { partBytes: 50_000, requestBytes: 60_000, requestTimeoutMs: 2000, attempts: 3 };

type Place = Parameters<typeof reseal>[0];
interface Work {
  readonly size: number;
  /** Whether there is a sealed object already. */
  readonly there: boolean;
  readonly run: (at: Exclude<Place, string | URL>, signal?: AbortSignal) => Promise<unknown>;
}

const seal = (size: number): Work => ({
  size,
  there: false,
  run: (at, signal) => sealToFile(bufferSource(pattern(size)), at, { ...options, signal }),
});
const change = (size: number): Work => ({
  size,
  there: true,
  run: (at, signal) => rewrap(at, { keys: [key], add: [other], signal }),
});
const WORK: Readonly<Record<string, Work>> = {
  'a seal of a small file': seal(10_000),
  'a seal of a large file': seal(250_000),
  'a rewrap of a small object': change(5000),
  'a rewrap of a large object': change(250_000),
  'a reseal of a large object': {
    size: 250_000,
    there: true,
    run: (at, signal) => reseal(at, { keys: [key], signal }),
  },
};

const sealed = new Map<number, Uint8Array>();
async function storeFor({ size, there }: Work): Promise<MemoryStore> {
  const store = new MemoryStore({ rules: { least: 40_000, most: 100_000 } });
  if (!there) return store;
  if (!sealed.has(size)) sealed.set(size, await sealBytes(pattern(size), options));
  store.set(KEY, sealed.get(size)!);
  return store;
}

/** What is under the name: what was there before, or something new that opens from its first byte to its last. */
async function found(store: MemoryStore, { size }: Work): Promise<'old' | 'new'> {
  const bytes = store.get(KEY);
  if (bytes === undefined || (sealed.has(size) && Buffer.compare(bytes, sealed.get(size)!) === 0))
    return 'old';
  expect(await verify(bufferSource(bytes), { keys: [key], strict: true })).toMatchObject({ size });
  return 'new';
}

const ONCE: Readonly<Record<string, () => Fault>> = {
  'is lost': () => ({ lost: refusedWith('STORE_UNAVAILABLE') }),
  'fails once': () => ({ throws: refusedWith('STORE_UNAVAILABLE') }),
  'is refused': () => ({ throws: refusedWith('STORE_DENIED') }),
};

describe.each(Object.entries(WORK))('%s', (_, work) => {
  it('shows nothing before it is whole, at whatever request it is killed', async () => {
    const store = await storeFor(work);
    const before = store.get(KEY);
    const seen: (readonly [Request['method'], boolean, string | undefined])[] = [];
    store.fault = ({ method, key: of }) => {
      seen.push([method, store.get(KEY) === before, of]);
      return undefined;
    };
    await work.run({ store, key: KEY, tuning });
    // The manifest comes after it.
    const last = seen.findLastIndex(
      ([method, , of]) => (method === 'put' || method === 'complete') && of !== MANIFEST,
    );
    expect(seen.slice(0, last + 1).every(([, same]) => same)).toBe(true);
    expect(await found(store, work)).toBe('new');
    expect(store.uploads.size).toBe(0);
  });

  it.each(Object.entries(ONCE))('ends right or with one code when any answer %s', async (how, fault) => {
    const count = await requestsOf(work);
    expect(count).toBeGreaterThan(1);
    for (let at = 0; at < count; at++) {
      const store = await storeFor(work);
      const first = times(1, fault());
      let came = 0;
      let hit: Request | undefined;
      store.fault = (request) => {
        if (came++ !== at) return undefined;
        hit = request;
        // The body of a read is not an answer that can be lost.
        return how === 'is lost' && request.method === 'read' ? undefined : first();
      };
      const error: unknown = await work.run({ store, key: KEY, tuning }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const told = `${how}: ${hit?.method} ${hit?.count}`;
      if (how !== 'is refused') expect(error, told).toBeUndefined();
      else if (error) expect(isWeightsealError(error) && error.code, told).toBe('STORE_DENIED');
      const now = await found(store, work);
      // What has been replaced is read back, and whatever is sealed gets a manifest afterwards; who may not do that is told so.
      const after = (work.there && hit?.method === 'read') || (hit?.key === MANIFEST && hit.method === 'put');
      if (!(error && after)) expect(now, told).toBe(error ? 'old' : 'new');
      // An upload whose beginning was not answered is nobody's: `sweep` finds it.
      expect(store.uploads.size, told).toBe(how === 'is lost' && hit?.method === 'upload' ? 1 : 0);
      expect(store.underWay, told).toBe(0);
    }
  });

  it('leaves nothing half done when it is aborted at any request', async () => {
    const count = await requestsOf(work);
    for (let at = 0; at < count; at++) {
      const store = await storeFor(work);
      const controller = new AbortController();
      let came = 0;
      store.fault = () => {
        if (came++ === at) queueMicrotask(() => controller.abort());
        return undefined;
      };
      const error: unknown = await work.run({ store, key: KEY, tuning }, controller.signal).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error) expect(isWeightsealError(error) && error.code).toBe('ABORTED');
      await found(store, work);
      for (let turns = 0; turns < 5; turns++) await settled();
      expect(store.uploads.size, `request ${at}`).toBe(0);
      expect(store.underWay, `request ${at}`).toBe(0);
    }
  });
});

async function requestsOf(work: Work): Promise<number> {
  const store = await storeFor(work);
  await work.run({ store, key: KEY, tuning });
  return store.count();
}

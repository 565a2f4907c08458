import { readFile } from 'node:fs/promises';
import { openBundle, openToFile, type StoreTuning, sealBundle, verify } from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { settled } from '../support/held-key.js';
import { MemoryKey } from '../support/memory-key.js';
import { code, pattern, refusal, sealBytes } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';
import { copyIn, model, placeIn } from './support/bundles.js';
import { throttled, unavailable } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const temp = await temporary();
const keys = [new MemoryKey('lanes')];
const PLAIN = pattern(40_000_003);
const sealed = await sealBytes(PLAIN, { keys });
const segmented = await sealBytes(PLAIN, { keys, segmentLength: 65_536 });

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) expect(store.underWay, 'requests left under way').toBe(0);
});

function storeWith(bytes: Uint8Array, tuning?: StoreTuning) {
  const store = new MemoryStore();
  store.set('m', bytes);
  stores.push(store);
  return { store, key: 'm', tuning };
}

const payloadReads = (store: MemoryStore) =>
  store.requests.filter(({ offset, length }) => offset! > 0 && length! > 2_000_000);

describe('a large object whose plaintext goes to a file', () => {
  it('comes in few requests, many at once, and is what was sealed', async () => {
    const at = storeWith(sealed);
    const path = temp.path();
    let last = 0;
    await openToFile(at, path, { keys, onProgress: ({ bytes }) => (last = Math.max(last, bytes)) });
    expect(Buffer.compare(await readFile(path), PLAIN)).toBe(0);
    expect(last).toBe(PLAIN.length);
    expect(payloadReads(at.store)).toHaveLength(10);
    expect(at.store.most).toBe(10);
  });

  it.each<[StoreTuning, number]>([
    [{ requestBytes: 2_097_152 }, 2_097_152],
    [{ requestBytes: 300_000 }, 262_144],
    [{ concurrency: 2, requestBytes: 8_388_608 }, 8_388_608],
  ])('by %j: as the place says', async (tuning, most) => {
    const at = storeWith(segmented, tuning);
    const path = temp.path();
    await openToFile(at, path, { keys });
    expect(Buffer.compare(await readFile(path), PLAIN)).toBe(0);
    expect(Math.max(...at.store.requests.map(({ length = 0 }) => length))).toBe(most);
    expect(at.store.most).toBeLessThanOrEqual(tuning.concurrency ?? 16);
  });

  it('with any segment changed is refused, and the segment is named', async () => {
    const changed = segmented.slice();
    changed[20_000_000] = changed[20_000_000]! ^ 1;
    for (const way of [
      (at: ReturnType<typeof storeWith>) => openToFile(at, temp.path(), { keys }),
      (at: ReturnType<typeof storeWith>) => verify(at, { keys, digest: false }),
    ])
      expect(await refusal(() => way(storeWith(changed)))).toMatchObject({
        code: 'SEGMENT_TAMPERED',
        message: expect.stringMatching(/Segment 30\d /),
      });
  });

  it('that is replaced between two of its requests is refused', async () => {
    const at = storeWith(sealed, { concurrency: 2, requestBytes: 4_194_304 });
    at.store.fault = ({ count }) => {
      if (count === 5) at.store.set('m', sealed);
      return undefined;
    };
    expect(await refusal(() => openToFile(at, temp.path(), { keys }))).toEqual(code('INPUT_CHANGED'));
  });

  it('ends with the caller, and leaves nothing', async () => {
    const at = storeWith(sealed);
    const caller = new AbortController();
    const path = temp.path();
    const opening = refusal(() =>
      openToFile(at, path, { keys, signal: caller.signal, onProgress: () => caller.abort() }),
    );
    expect(await opening).toEqual(code('ABORTED'));
    expect(await refusal(() => openToFile(path, temp.path(), { keys }))).toEqual(code('INPUT_NOT_FOUND'));
  });

  it.each([1, 2, 3, 4, 5, 7, 11])('ends with the caller when its request %i begins', async (at) => {
    const place = storeWith(segmented, { requestBytes: 2_097_152, concurrency: 5 });
    const caller = new AbortController();
    place.store.fault = ({ count }) => {
      if (count === at) caller.abort();
      return undefined;
    };
    const opening = refusal(() => openToFile(place, temp.path(), { keys, signal: caller.signal }));
    expect(await opening).toEqual(code('ABORTED'));
    expect(place.store.underWay).toBe(0);
  });

  it('opens whatever is refused on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom(undefined, throttled, unavailable, { resetAfter: 1_000_000 }, { short: 999 }),
          { maxLength: 12 },
        ),
        async (faults) => {
          const at = storeWith(sealed, { requestTimeoutMs: 1000, attempts: 8 });
          at.store.fault = ({ count }) => (count > 1 ? faults[count - 2] : undefined);
          const path = temp.path();
          await openToFile(at, path, { keys });
          expect(Buffer.compare(await readFile(path), PLAIN)).toBe(0);
        },
      ),
      { numRuns: 8 },
    );
  });
});

it('members of a bundle come so, too, also where a store takes one request at a time', {
  timeout: 60_000,
}, async () => {
  const source = await model(temp, 9_000_000);
  const directory = temp.path();
  await sealBundle(source, directory, { keys });
  for (const concurrency of [1, 16]) {
    const place = { ...placeIn(), tuning: { concurrency } };
    await copyIn(directory, place.store, place.key);
    await using bundle = await openBundle(place, { keys });
    const to = temp.path();
    await bundle.openTo(to);
    for (const name of ['model.safetensors', 'vocab.bin'])
      expect(Buffer.compare(await readFile(`${to}/${name}`), await readFile(`${source}/${name}`))).toBe(0);
    expect(place.store.most).toBeLessThanOrEqual(concurrency);
  }
});

it('a header that does not come is not waited for once the caller has ended it', async () => {
  const source = await model(temp, 9_000_000);
  const directory = temp.path();
  await sealBundle(source, directory, { keys });
  for (const digest of [false, true]) {
    const place = placeIn();
    await copyIn(directory, place.store, place.key);
    await using bundle = await openBundle(place, { keys });
    const caller = new AbortController();
    place.store.fault = ({ length }) => {
      if (length! > 100) return undefined;
      setImmediate(() => caller.abort());
      return { hang: true };
    };
    const opening = refusal(() => bundle.openTo(temp.path(), { signal: caller.signal, digest }));
    expect(await opening).toEqual(code('ABORTED'));
    expect(place.store.underWay).toBe(0);
  }
});

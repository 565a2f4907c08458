import { readFile } from 'node:fs/promises';
import {
  bufferSource,
  inspect,
  openToFile,
  type PartRules,
  reseal,
  rewrap,
  sealToFile,
  verify,
  verifyManifest,
} from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryKey } from '../support/memory-key.js';
import { code, pattern, refusal, streamOf } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';
import { refusedWith, times, unavailable } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const temp = await temporary();
const key = new MemoryKey('one');
const other = new MemoryKey('two');
const keys = [key];
const small = pattern(10_000);
const large = pattern(400_000);
const tuning = { partBytes: 50_000, requestBytes: 60_000, attempts: 4 };

const stores: MemoryStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) expect(store.uploads.size, 'uploads left').toBe(0);
});

function place(rules: Partial<PartRules> = {}) {
  const store = new MemoryStore({ rules: { least: 40_000, most: 100_000, ...rules } });
  stores.push(store);
  return { store, at: { store, key: 'models/m.sealed', tuning } };
}

type Place = ReturnType<typeof place>;
const bytesIn = ({ store, at }: Place) => store.get(at.key)!;
const sourceOf = (given: Place) => bufferSource(bytesIn(given));
const options = { keys, segmentLength: 4096 };

describe('a file that is sealed into a store', () => {
  it.each([
    ['small', small],
    ['large', large],
  ])('opens, and knows its size and digest: a %s one', async (_, bytes) => {
    const into = place();
    const sealed = await sealToFile(bufferSource(bytes), into.at, options);
    expect(sealed.sealedSize).toBe(bytesIn(into).length);
    const opened = await verify(sourceOf(into), { keys, strict: true });
    expect(opened).toMatchObject({ size: bytes.length, digest: sealed.digest, digestVerified: true });
    if (bytes === small)
      expect(into.store.requests.map(({ method }) => method)).toEqual(['stat', 'stat', 'put', 'put']);
    await verifyManifest(into.at);
  });

  it('may be a stream', async () => {
    const into = place();
    await sealToFile(streamOf(large, 7000, 11), into.at, options);
    expect(await verify(sourceOf(into), { keys })).toMatchObject({
      size: large.length,
      digestVerified: true,
    });
  });

  it('has no digest inside where the store takes bytes in their order', async () => {
    const into = place({ anyOrder: false });
    const sealed = await sealToFile(bufferSource(large), into.at, options);
    expect(sealed.digest).toMatch(/^sha256:/);
    const opened = await verify(sourceOf(into), { keys });
    expect(opened).toMatchObject({ size: large.length, digestVerified: false });
    const stream = place({ anyOrder: false });
    await sealToFile(streamOf(large, 7000), stream.at, options);
    expect(await verify(sourceOf(stream), { keys })).toMatchObject({ size: large.length });
  });

  it('replaces nothing unless it may, and asks no key before it knows', async () => {
    const into = place();
    into.store.set(into.at.key, small);
    const asked = key.calls;
    expect(await refusal(() => sealToFile(bufferSource(large), into.at, options))).toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    expect(key.calls).toBe(asked);
    await sealToFile(bufferSource(large), into.at, { ...options, overwrite: true });
    expect(await verify(sourceOf(into), { keys })).toMatchObject({ size: large.length });
  });

  it('is not there when anything fails', async () => {
    const into = place();
    async function* breaks() {
      yield* streamOf(large, 9000);
      throw new Error('the input ends here');
    }
    await refusal(() => sealToFile(breaks(), into.at, options));
    expect(bytesIn(into)).toBeUndefined();
    into.store.fault = ({ method, count }) =>
      method === 'part' && count === 3 ? { throws: refusedWith('STORE_DENIED') } : undefined;
    expect(await refusal(() => sealToFile(bufferSource(large), into.at, options))).toMatchObject({
      code: 'STORE_DENIED',
    });
    expect(bytesIn(into)).toBeUndefined();
  });

  it('is never opened into a store', async () => {
    const into = place();
    await sealToFile(bufferSource(small), into.at, options);
    const opening = () => openToFile(sourceOf(into), { ...into.at, key: 'plain' } as never, { keys });
    expect(await refusal(opening)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Plaintext is never written to a store'),
    });
    expect(into.store.get('plain')).toBeUndefined();
  });
});

describe('a sealed object that gets a new data key', () => {
  it.each([small, large])('is replaced in its store', async (bytes) => {
    const into = place();
    const before = await sealToFile(bufferSource(bytes), into.at, options);
    const done: number[] = [];
    const after = await reseal(into.at, { keys, add: [other], onProgress: (told) => done.push(told.bytes) });
    expect(after.id).not.toBe(before.id);
    expect(done.at(-1)).toBe(2 * bytes.length);
    for (const one of [key, other])
      expect(await verify(sourceOf(into), { keys: [one] })).toMatchObject({
        id: after.id,
        digestVerified: true,
      });
  });

  it('goes from store to store, from a file to a store, and from a store to a file', async () => {
    const [from, to, last] = [place(), place(), place()];
    await sealToFile(bufferSource(large), from.at, options);
    const old = bytesIn(from).slice();
    await reseal(from.at, { keys, output: to.at });
    expect(bytesIn(from)).toEqual(old);
    const path = temp.path('resealed');
    await reseal(to.at, { keys, output: path });
    const { id } = await reseal(path, { keys, output: last.at });
    expect(await verify(sourceOf(last), { keys })).toMatchObject({ id, size: large.length });
    expect(await verify(path, { keys })).toMatchObject({ size: large.length });
    expect(await refusal(() => reseal(from.at, { keys, output: to.at }))).toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    expect(await refusal(() => reseal(from.at, { keys, output: path }))).toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    await reseal(from.at, { keys, output: to.at, overwrite: true });
  });

  it('stays as it is when a byte of it is not what was sealed', async () => {
    const into = place();
    await sealToFile(bufferSource(large), into.at, options);
    const damaged = bytesIn(into).slice();
    damaged[200_000]! ^= 1;
    into.store.set(into.at.key, damaged);
    expect(await refusal(() => reseal(into.at, { keys }))).toMatchObject({ code: 'SEGMENT_TAMPERED' });
    expect(bytesIn(into)).toEqual(damaged);
  });

  it('is not put in the place of another', async () => {
    const into = place();
    await sealToFile(bufferSource(large), into.at, options);
    into.store.fault = ({ method }) => {
      if (method === 'complete') into.store.set(into.at.key, small);
      return undefined;
    };
    expect(await refusal(() => reseal(into.at, { keys }))).toMatchObject({ code: 'INPUT_CHANGED' });
    expect(bytesIn(into)).toEqual(small);
  });
});

describe('a sealed object that gets other recipients', () => {
  it('is not downloaded', async () => {
    const into = place();
    await sealToFile(bufferSource(large), into.at, options);
    const done = await rewrap(into.at, { keys, add: [other] });
    expect(done).toMatchObject({ generation: 2, grown: false });
    expect(done.copied).toBeGreaterThan(300_000);
    expect(done.read).toBeLessThan(150_000);
    expect(done.written).toBeLessThan(100_000);
    expect(await verify(sourceOf(into), { keys: [other], strict: true })).toMatchObject({
      size: large.length,
    });
  });

  it('is read and written where it is small', async () => {
    const into = place();
    await sealToFile(bufferSource(small), into.at, options);
    const done = await rewrap(into.at, { keys, add: [other], remove: [key.uri] });
    expect(done).toMatchObject({ copied: 0, written: bytesIn(into).length });
    expect(done.recipients.map(({ keyUri }) => keyUri)).toEqual([other.uri]);
    expect(await verify(sourceOf(into), { keys: [other], strict: true })).toMatchObject({
      size: small.length,
    });
  });

  it('gets room for more of them where that is allowed', async () => {
    const into = place();
    await sealToFile(bufferSource(large), into.at, options);
    const many = Array.from({ length: 20 }, (_, index) => new MemoryKey(`${index}${'x'.repeat(900)}`));
    expect(await refusal(() => rewrap(into.at, { keys, add: many }))).toMatchObject({
      code: 'ENVELOPE_FULL',
    });
    expect(await rewrap(into.at, { keys, add: many, grow: true })).toMatchObject({ grown: true });
    expect(await verify(sourceOf(into), { keys: [many[7]!] })).toMatchObject({ size: large.length });
  });

  it.each([
    ['small', small],
    ['large', large],
  ])('gets those of one of two who change them at once: a %s one', async (_, bytes) => {
    const into = place();
    await sealToFile(bufferSource(bytes), into.at, options);
    const added = [other, new MemoryKey('three')];
    const both = await Promise.allSettled(added.map((one) => rewrap(into.at, { keys, add: [one] })));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = both.findIndex(({ status }) => status === 'fulfilled');
    expect(both[1 - winner]).toMatchObject({ reason: code('INPUT_CHANGED') });
    expect((await inspect(sourceOf(into))).recipients.map(({ keyUri }) => keyUri)).toEqual([
      key.uri,
      added[winner]!.uri,
    ]);
  });

  it('tells whoever was overwritten by a store that knows no conditions', async () => {
    const into = place();
    await sealToFile(bufferSource(small), into.at, options);
    into.store.check = () => {};
    const added = [other, new MemoryKey('three')];
    let arrived = () => {};
    const both = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    into.store.fault = ({ method, count }) => {
      if (method !== 'put') return undefined;
      if (count === 2) arrived();
      return { after: both };
    };
    const outcomes = await Promise.allSettled(added.map((one) => rewrap(into.at, { keys, add: [one] })));
    const { recipients } = await inspect(sourceOf(into));
    for (const [index, outcome] of outcomes.entries()) {
      const there = recipients.some(({ keyUri }) => keyUri === added[index]!.uri);
      expect(outcome.status).toBe(there ? 'fulfilled' : 'rejected');
    }
  });

  it('is whole after a lost answer, and after requests that fail', async () => {
    const into = place();
    await sealToFile(bufferSource(large), into.at, options);
    const lost = times(1, { lost: refusedWith('STORE_UNAVAILABLE') });
    const failing = times(3, unavailable);
    into.store.fault = ({ method }) =>
      method === 'complete' ? lost() : method === 'copy' ? failing() : undefined;
    expect(await rewrap(into.at, { keys, add: [other] })).toMatchObject({ generation: 2 });
    expect(await verify(sourceOf(into), { keys: [other] })).toMatchObject({ size: large.length });
  });
});

it('what lies in files still is', async () => {
  const path = temp.path('file.sealed');
  await sealToFile(bufferSource(small), path, options);
  expect(await rewrap(path, { keys })).not.toHaveProperty('read');
  expect((await readFile(path)).length).toBeGreaterThan(small.length);
});

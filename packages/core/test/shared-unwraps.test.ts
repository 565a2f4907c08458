import { getEventListeners } from 'node:events';
import {
  bufferSource,
  canDescribe,
  type KeyWrapper,
  openReader,
  openToStream,
  rewrap,
  type SharedUnwraps,
  type ShareOptions,
  sealToFile,
  shareUnwraps,
  verify,
  WeightsealError,
  type WrappedKey,
} from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyMemory } from '../src/keys/key-memory.js';
import { DataKey } from '../src/keys/secret.js';
import { unwrapId } from '../src/keys/unwrap-id.js';
import { HeldKey, settled } from './support/held-key.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { collect, pattern, refusal, sealBytes } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(300);
const CONTEXT = { model: 'm' };
const sealFor = (...keys: KeyWrapper[]) =>
  sealBytes(PLAINTEXT, { keys, context: CONTEXT, segmentLength: 64 });
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

async function open(bytes: Uint8Array, keys: readonly KeyWrapper[], options: { hedgeMs?: number } = {}) {
  await using reader = await openReader(bufferSource(bytes), { keys, ...options });
  return Buffer.compare(await reader.read(0, reader.size), PLAINTEXT) === 0;
}

const DATA_KEY = pattern(32);
const wrapped = (changes: Partial<WrappedKey> = {}): WrappedKey => ({
  keyUri: 'memory:a',
  keyVersion: '1',
  algorithm: 'x',
  ciphertext: Uint8Array.of(1, 2, 3),
  ...changes,
});

/** A scope over one key that gives DATA_KEY, in buffers that the test sees. */
function shareOne(options?: ShareOptions) {
  const given: Uint8Array[] = [];
  const key = keyWith('a', {
    unwrap: async () => {
      given.push(Uint8Array.from(DATA_KEY));
      return given.at(-1)!;
    },
  });
  const shared = shareUnwraps([key], options);
  return { key, given, shared, unwrap: unwrapOf(shared) };
}

const unwrapOf =
  (shared: SharedUnwraps) =>
  (changes?: Partial<WrappedKey>, signal?: AbortSignal): Promise<Uint8Array> =>
    shared.keys[0]!.unwrap(wrapped(changes), CONTEXT, { signal });

describe('openings that share', () => {
  it('1000 at once are one call', async () => {
    const key = new MemoryKey('a');
    const bytes = await sealFor(new MemoryKey('a'));
    using shared = shareUnwraps([key]);
    const opened = await Promise.all(Array.from({ length: 1000 }, () => open(bytes, shared.keys)));
    expect(opened.every(Boolean)).toBe(true);
    expect(key.calls).toBe(1);
  });

  it('one after another are one call, in whatever way they open', async () => {
    const key = new MemoryKey('a');
    const bytes = await sealFor(new MemoryKey('a'));
    await using shared = shareUnwraps([key]);
    const { keys } = shared;
    await open(bytes, keys);
    await collect(openToStream(bufferSource(bytes), { keys, context: CONTEXT }));
    await verify(bufferSource(bytes.slice()), { keys });
    expect(key.calls).toBe(1);
  });

  it('of different files are one call for each file', async () => {
    const key = new MemoryKey('a');
    const files = await Promise.all([1, 2, 3].map(() => sealFor(new MemoryKey('a'))));
    using shared = shareUnwraps([key]);
    for (const bytes of [...files, ...files]) expect(await open(bytes, shared.keys)).toBe(true);
    expect(key.calls).toBe(3);
  });

  it('and race: one call to each key that had to be asked', async () => {
    const [slow, fast] = [new HeldKey('a', { deaf: true }), new MemoryKey('b')];
    const bytes = await sealFor(new MemoryKey('a'), new MemoryKey('b'));
    using shared = shareUnwraps([slow, fast]);
    const opened = await Promise.all(
      Array.from({ length: 100 }, () => open(bytes, shared.keys, { hedgeMs: 5 })),
    );
    expect(opened.every(Boolean)).toBe(true);
    expect([slow.held.length, fast.unwraps]).toEqual([1, 1]);
    expect(slow.held[0]!.signal.aborted).toBe(true);
  });

  it('stay open when the scope has ended', async () => {
    const bytes = await sealFor(new MemoryKey('a'));
    const shared = shareUnwraps([new MemoryKey('a')]);
    await using reader = await openReader(bufferSource(bytes), { keys: shared.keys });
    shared[Symbol.dispose]();
    expect(Buffer.compare(await reader.read(0, reader.size), PLAINTEXT)).toBe(0);
  });

  it('can rewrap: a fresh wrap is unwrapped by the key itself, and not from memory', async () => {
    const path = temp.path();
    await sealToFile(bufferSource(PLAINTEXT), path, { keys: [new MemoryKey('a')] });
    const key = new MemoryKey('a');
    using shared = shareUnwraps([key]);
    await verify(path, { keys: shared.keys });
    await rewrap(path, { keys: shared.keys });
    expect([key.wraps, key.unwraps]).toEqual([1, 2]);
  });
});

describe('the shared keys', () => {
  it('have provider and URI of those that were given, in their order, and nothing but wrap and unwrap', () => {
    const given = [new MemoryKey('a'), Object.assign(new MemoryKey('b', 'other'), { describe: () => {} })];
    using shared = shareUnwraps(given);
    expect(shared.keys.map(({ uri }) => uri)).toEqual(['memory:a', 'other:b']);
    expect(shared.keys.map(({ provider }) => provider)).toEqual(['memory', 'other']);
    expect(shared.keys.some(canDescribe)).toBe(false);
  });

  it('do not answer for one another, though they have the same URI: they may be of different identities', async () => {
    const [one, two] = [new MemoryKey('a'), new MemoryKey('a')];
    const slot = await one.wrap(DATA_KEY, CONTEXT);
    using shared = shareUnwraps([one, two]);
    for (const key of shared.keys) expect(await key.unwrap(slot, CONTEXT)).toEqual(DATA_KEY);
    expect([one.unwraps, two.unwraps]).toEqual([1, 1]);
  });

  it('ask again when anything of the unwrap differs', async () => {
    const { key, shared, unwrap } = shareOne();
    const differing = [
      { keyUri: 'memory:b' },
      { keyVersion: '' },
      { algorithm: '' },
      { ciphertext: new Uint8Array(3) },
    ];
    for (const changes of [{}, ...differing, {}, ...differing]) await unwrap(changes);
    await shared.keys[0]!.unwrap(wrapped(), { model: 'm', more: '' });
    expect(key.unwraps).toBe(6);
  });

  it('refuse a context that cannot be, and ask nobody', async () => {
    const { key, shared } = shareOne();
    const error = await refusal(() => shared.keys[0]!.unwrap(wrapped(), { '': '' }));
    expect(error.code).toBe('CONTEXT_INVALID');
    expect(key.calls).toBe(0);
  });

  it('give each caller bytes of its own', async () => {
    const { unwrap } = shareOne();
    const together = await Promise.all([unwrap(), unwrap(), unwrap()]);
    together[0]!.fill(0);
    for (const bytes of [together[1], together[2], await unwrap()]) expect(bytes).toEqual(DATA_KEY);
  });

  it('do not remember a failure, and share it among those who waited', async () => {
    const key = new HeldKey('a');
    using shared = shareUnwraps([key]);
    const slot = await key.wrap(DATA_KEY, CONTEXT);
    const unwrap = () => shared.keys[0]!.unwrap(slot, CONTEXT);
    const both = Promise.allSettled([unwrap(), unwrap()]);
    await settled();
    key.held[0]!.fail(new WeightsealError('KEY_UNAVAILABLE', 'Not now.'));
    for (const outcome of await both) expect(outcome).toMatchObject({ reason: { code: 'KEY_UNAVAILABLE' } });
    const again = unwrap();
    await key.held[1]!.answer();
    expect(await again).toEqual(DATA_KEY);
    expect(key.held).toHaveLength(2);
  });

  it.each([new Uint8Array(31), new Uint8Array(), undefined, 'x'.repeat(32)])(
    'do not remember what is no data key: %j',
    async (answer) => {
      const key = keyWith('a', { unwrap: async () => answer as never });
      using shared = shareUnwraps([key]);
      for (let i = 0; i < 2; i++) expect((await refusal(unwrapOf(shared))).code).toBe('KEY_RESPONSE_INVALID');
      expect(key.unwraps).toBe(2);
    },
  );

  it('pass on a call that throws at once as a failure', async () => {
    const key = keyWith('a', {
      unwrap: () => {
        throw new TypeError('oops');
      },
    });
    using shared = shareUnwraps([key]);
    await expect(unwrapOf(shared)()).rejects.toThrow('oops');
  });
});

describe('an abort', () => {
  async function two() {
    const key = new HeldKey('a');
    const shared = shareUnwraps([key]);
    const slot = await key.wrap(DATA_KEY, CONTEXT);
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => shared.keys[0]!.unwrap(slot, CONTEXT, { signal }));
    for (const wait of waits) wait.catch(() => {});
    await settled();
    return { key, shared, slot, controllers, waits };
  }

  it('of one caller ends its wait alone, also when it was the first', async () => {
    const { key, controllers, waits } = await two();
    controllers[0]!.abort(new Error('mine'));
    await expect(waits[0]).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'mine' } });
    expect(key.held[0]!.signal.aborted).toBe(false);
    await key.held[0]!.answer();
    expect(await waits[1]).toEqual(DATA_KEY);
    expect(key.held).toHaveLength(1);
  });

  it('of all of them ends the call, and whoever comes later makes a new one', async () => {
    const { key, shared, slot, controllers, waits } = await two();
    for (const controller of controllers) controller.abort();
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'ABORTED' });
    expect(key.held[0]!.signal.aborted).toBe(true);
    const later = shared.keys[0]!.unwrap(slot, CONTEXT);
    await settled();
    await key.held[1]!.answer();
    expect(await later).toEqual(DATA_KEY);
  });

  it('before the call asks nobody, also where the answer is remembered', async () => {
    const { key, unwrap } = shareOne();
    await expect(unwrap({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(key.calls).toBe(0);
    await unwrap();
    await expect(unwrap({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('leaves no listener, whoever waited and however it ended', async () => {
    const { key, controllers, waits } = await two();
    await key.held[0]!.answer();
    await Promise.all(waits);
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('the end of the scope', () => {
  it('is the end of its keys', async () => {
    const { key, shared, unwrap } = shareOne();
    await unwrap();
    shared[Symbol.dispose]();
    for (const call of [() => unwrap(), () => shared.keys[0]!.wrap(DATA_KEY, CONTEXT)]) {
      const error = await refusal(call);
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('has ended');
    }
    expect([key.unwraps, key.wraps]).toEqual([1, 0]);
    shared[Symbol.dispose]();
  });

  it('ends the calls under way and the waits for them, and does not wait for a call that goes on', async () => {
    for (const deaf of [false, true]) {
      const key = new HeldKey('a', { deaf });
      const slot = await key.wrap(DATA_KEY, CONTEXT);
      const shared = shareUnwraps([key]);
      const wait = refusal(() => shared.keys[0]!.unwrap(slot, CONTEXT));
      await settled();
      shared[Symbol.dispose]();
      expect((await wait).code).toBe('INVALID_ARGUMENT');
      expect(key.held[0]!.signal.aborted).toBe(true);
    }
  });
});

describe('what is remembered', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is no more than maxKeys: the oldest is asked again', async () => {
    const { key, unwrap } = shareOne({ maxKeys: 2 });
    for (const keyVersion of ['1', '2', '3', '2', '3']) await unwrap({ keyVersion });
    expect(key.unwraps).toBe(3);
    await unwrap({ keyVersion: '1' });
    expect(key.unwraps).toBe(4);
  });

  it('is nothing with maxKeys 0, and calls under way are shared all the same', async () => {
    const { key, unwrap } = shareOne({ maxKeys: 0 });
    const together = await Promise.all([unwrap(), unwrap()]);
    expect(together).toEqual([DATA_KEY, DATA_KEY]);
    expect(key.unwraps).toBe(1);
    await unwrap();
    expect(key.unwraps).toBe(2);
  });

  it('is 64 unless told', async () => {
    const { key, unwrap } = shareOne();
    const all = Array.from({ length: 65 }, (_, i) => ({ keyVersion: String(i) }));
    for (const changes of all) await unwrap(changes);
    await unwrap(all[1]);
    expect(key.unwraps).toBe(65);
    await unwrap(all[0]);
    expect(key.unwraps).toBe(66);
  });

  it('is remembered for maxAgeMs at most, counted from the answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { key, shared, unwrap } = shareOne({ maxAgeMs: 1000 });
    await unwrap();
    vi.advanceTimersByTime(999);
    await unwrap();
    expect(key.unwraps).toBe(1);
    vi.advanceTimersByTime(1);
    await unwrap();
    expect(key.unwraps).toBe(2);
    shared[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not keep the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { unwrap } = shareOne({ maxAgeMs: 1_000_000 });
    await unwrap();
    expect(timers()).toBe(before);
  });

  it.each([
    { maxKeys: -1 },
    { maxKeys: 0.5 },
    { maxKeys: Number.POSITIVE_INFINITY },
    { maxAgeMs: 0 },
    { maxAgeMs: 2 ** 31 },
    { maxAgeMs: Number.NaN },
  ])('has limits that can be: %o is INVALID_ARGUMENT', (options) => {
    expect(() => shareUnwraps([new MemoryKey('a')], options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => shareUnwraps('a' as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is zeroed when it leaves the memory, by whatever way', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const keys = Array.from({ length: 5 }, () => DataKey.random());
    const zeroed = () => keys.map(({ bytes }) => isZero(bytes));
    const memory = new KeyMemory({ maxKeys: 3, maxAgeMs: 100 });
    for (const [i, key] of keys.slice(0, 4).entries()) memory.keep(String(i), key);
    expect(zeroed()).toEqual([true, false, false, false, false]);
    memory.keep('1', keys[4]!);
    expect(zeroed()).toEqual([true, true, false, false, false]);
    vi.advanceTimersByTime(50);
    memory[Symbol.dispose]();
    expect(zeroed()).toEqual([true, true, true, true, true]);
    expect(vi.getTimerCount()).toBe(0);
    const late = DataKey.random();
    using aging = new KeyMemory({ maxKeys: 3, maxAgeMs: 100 });
    aging.keep('0', late);
    vi.advanceTimersByTime(100);
    expect(isZero(late.bytes)).toBe(true);
  });

  it('and every other copy of it is zero when scope and readers have ended, also after aborts and late answers', async () => {
    const sealer = new MemoryKey('a');
    const bytes = await sealFor(sealer, new MemoryKey('b'));
    // Whatever could hold a data key, as secretBytes makes it.
    const secrets: ArrayBuffer[] = [];
    class Watched extends ArrayBuffer {
      constructor(length: number) {
        super(length);
        if (length === 32) secrets.push(this);
      }
    }
    vi.stubGlobal('ArrayBuffer', Watched);
    const dataKeyOf = async (slot: WrappedKey, key: MemoryKey) => {
      const secret = new Uint8Array(new ArrayBuffer(32));
      secret.set(await new MemoryKey(key.uri.slice(7)).unwrap(slot, CONTEXT));
      return secret;
    };
    const [late, fast] = [keyWith('a', {}), keyWith('b', {})];
    late.unwrap = async (slot) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return dataKeyOf(slot, late);
    };
    fast.unwrap = (slot) => dataKeyOf(slot, fast);
    const shared = shareUnwraps([late, fast], { maxKeys: 1 });
    await Promise.all(Array.from({ length: 20 }, () => open(bytes, shared.keys, { hedgeMs: 1 })));
    const signal = AbortSignal.timeout(5);
    await refusal(
      async () => void (await openReader(bufferSource(bytes), { keys: [shared.keys[0]!], signal })),
    );
    const dataKeys = () => secrets.filter((it) => Buffer.compare(new Uint8Array(it), sealer.seen[0]!) === 0);
    expect(dataKeys().length, 'the one that is remembered').toBeGreaterThanOrEqual(1);
    shared[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(secrets.length).toBeGreaterThan(20);
    expect(dataKeys()).toEqual([]);
  });
});

it('what UTF-8 cannot tell apart has two names', () => {
  const names = ['\ud800', '\udc00', '\ufffd'].map((keyVersion) => unwrapId(0, wrapped({ keyVersion }), {}));
  expect(new Set(names).size).toBe(3);
});

it('two unwraps have one name only if they are the same', () => {
  const text = fc.string({ unit: 'binary', maxLength: 4 });
  const loose = fc.oneof(text, fc.constantFrom('', '\ud800', '\udc00', '\ufffd', '\0', 'a', 'aa'));
  const unwrap = fc.record({
    key: fc.nat(2),
    keyUri: loose,
    keyVersion: loose,
    algorithm: loose,
    ciphertext: fc.uint8Array({ maxLength: 3 }),
    context: fc.constantFrom({}, { a: '' }, { a: 'a' }, { aa: '' }),
  });
  const nameOf = ({ key, context, ...slot }: typeof unwrap extends fc.Arbitrary<infer T> ? T : never) =>
    unwrapId(key, slot, context);
  fc.assert(
    fc.property(unwrap, unwrap, (one, two) => {
      expect(nameOf(structuredClone(one))).toBe(nameOf(one));
      const same = JSON.stringify([one, [...one.ciphertext]]) === JSON.stringify([two, [...two.ciphertext]]);
      expect(nameOf(one) === nameOf(two)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

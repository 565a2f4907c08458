import { bufferSource, openReader, shareUnwraps, type WrappedKey } from '@weightseal/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyMemory } from '../src/keys/key-memory.js';
import { DataKey } from '../src/keys/secret.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { refusal } from './support/sealed.js';
import { CONTEXT, DATA_KEY, open, sealFor, shareOne } from './support/shared-key.js';

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

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
    const answers: Promise<unknown>[] = [];
    const mayAnswer = Promise.withResolvers<void>();
    late.unwrap = (slot) => {
      const answer = mayAnswer.promise.then(() => dataKeyOf(slot, late));
      answers.push(answer);
      return answer;
    };
    fast.unwrap = (slot) => dataKeyOf(slot, fast);
    const shared = shareUnwraps([late, fast], { maxKeys: 1 });
    await Promise.all(Array.from({ length: 20 }, () => open(bytes, shared.keys, { hedgeMs: 1 })));
    const asked = answers.length;
    const stop = new AbortController();
    const { signal } = stop;
    const refused = refusal(
      async () => void (await openReader(bufferSource(bytes), { keys: [shared.keys[0]!], signal })),
    );
    await expect.poll(() => answers.length).toBeGreaterThan(asked);
    stop.abort();
    await refused;
    mayAnswer.resolve();
    const dataKeys = () => secrets.filter((it) => Buffer.compare(new Uint8Array(it), sealer.seen[0]!) === 0);
    expect(dataKeys().length, 'the one that is remembered').toBeGreaterThanOrEqual(1);
    shared[Symbol.dispose]();
    await Promise.all(answers);
    expect(secrets.length).toBeGreaterThan(20);
    await expect.poll(dataKeys).toEqual([]);
  });
});

import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import {
  bufferSource,
  type KeyWrapper,
  openReader,
  openToStream,
  reseal,
  rewrap,
  sealToFile,
  verify,
  WeightsealError,
} from '@weightseal/core';
import { describe, expect, it, vi } from 'vitest';
import { fakeTime } from './support/fake-time.js';
import { HeldKey, settled } from './support/held-key.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { collect, failureOf, pattern, refusal, sealBytes } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(300);
const NAMES = ['a', 'b', 'c'];
const file = await sealBytes(PLAINTEXT, {
  keys: NAMES.map((name) => new MemoryKey(name)),
  segmentLength: 64,
});
const unavailable = () => new WeightsealError('KEY_UNAVAILABLE', 'The key is out of reach.');
const rejected = () => new WeightsealError('UNWRAP_REJECTED', 'Not this one.');

interface Options {
  readonly hedgeMs?: number;
  readonly signal?: AbortSignal;
}

async function open(keys: readonly KeyWrapper[], options: Options = {}): Promise<boolean> {
  await using reader = await openReader(bufferSource(file), { keys, ...options });
  return Buffer.compare(await reader.read(0, reader.size), PLAINTEXT) === 0;
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const asked = (keys: readonly HeldKey[]) => keys.map((key) => key.held.length);
const threeHeld = (options?: { deaf?: boolean }) => NAMES.map((name) => new HeldKey(name, options));

const pass = fakeTime();

describe('one load is one call', () => {
  const ways: Record<string, (keys: readonly KeyWrapper[], options: Options) => Promise<unknown>> = {
    openReader: open,
    openToStream: (keys, options) => collect(openToStream(bufferSource(file), { keys, ...options })),
    verify: (keys, options) => verify(bufferSource(file), { keys, ...options }),
  };
  for (const [way, load] of Object.entries(ways)) {
    it.each([
      ['with one key', 1, {}],
      ['with three keys', 3, {}],
      ['with three keys that are raced', 3, { hedgeMs: 200 }],
    ])(`${way} %s, when the first one answers`, async (_with, count, options) => {
      const keys = NAMES.slice(0, count).map((name) => new MemoryKey(name));
      await load(keys, options);
      expect(keys.map(({ unwraps }) => unwraps)).toEqual([1, 0, 0].slice(0, count));
      await pass(1000);
      expect(keys.map(({ calls }) => calls)).toEqual([1, 0, 0].slice(0, count));
    });
  }
});

describe('without hedgeMs', () => {
  it('a key is asked when the one before it has failed, however long that takes', async () => {
    const keys = threeHeld();
    const opening = open(keys);
    await pass(1_000_000);
    expect(asked(keys)).toEqual([1, 0, 0]);
    keys[0]!.held[0]!.fail(unavailable());
    await pass(1_000_000);
    expect(asked(keys)).toEqual([1, 1, 0]);
    await keys[1]!.held[0]!.answer();
    expect(await opening).toBe(true);
    expect(asked(keys)).toEqual([1, 1, 0]);
  });
});

describe('with hedgeMs', () => {
  it('the next key is asked when that time has passed, and not before', async () => {
    const keys = threeHeld();
    const opening = open(keys, { hedgeMs: 200 });
    await pass(199);
    expect(asked(keys)).toEqual([1, 0, 0]);
    await pass(1);
    expect(asked(keys)).toEqual([1, 1, 0]);
    await pass(199);
    expect(asked(keys)).toEqual([1, 1, 0]);
    await pass(1);
    expect(asked(keys)).toEqual([1, 1, 1]);
    await pass(1_000_000);
    await keys[2]!.held[0]!.answer();
    expect(await opening).toBe(true);
    expect(asked(keys)).toEqual([1, 1, 1]);
  });

  it('and at once when one has failed', async () => {
    const keys = threeHeld();
    const opening = open(keys, { hedgeMs: 200 });
    await settled();
    keys[0]!.held[0]!.fail(unavailable());
    await settled();
    expect(asked(keys)).toEqual([1, 1, 0]);
    // The time counts from the last call on.
    await pass(199);
    expect(asked(keys)).toEqual([1, 1, 0]);
    await pass(1);
    expect(asked(keys)).toEqual([1, 1, 1]);
    await keys[1]!.held[0]!.answer();
    expect(await opening).toBe(true);
  });

  it('of 0, all are asked', async () => {
    const keys = threeHeld();
    const opening = open(keys, { hedgeMs: 0 });
    await settled();
    for (const _ of keys) await pass(1);
    expect(asked(keys)).toEqual([1, 1, 1]);
    await keys[1]!.held[0]!.answer();
    expect(await opening).toBe(true);
  });

  it('the others are told to stop when one has answered, and that one is not', async () => {
    const keys = threeHeld();
    const opening = open(keys, { hedgeMs: 10 });
    await pass(10);
    await pass(10);
    await keys[1]!.held[0]!.answer();
    expect(await opening).toBe(true);
    expect(keys.map(({ held }) => held[0]!.signal.aborted)).toEqual([true, false, true]);
  });

  it('one that does not listen is not waited for, and what it gives late is zeroed', async () => {
    const keys = threeHeld({ deaf: true });
    const opening = open(keys, { hedgeMs: 10 });
    await pass(10);
    await pass(10);
    await keys[2]!.held[0]!.answer();
    expect(await opening).toBe(true);
    const late = [await keys[0]!.held[0]!.answer(), await keys[1]!.held[0]!.answer()];
    await settled();
    expect(late.every(isZero)).toBe(true);
  });

  it('a loser that fails late, in whatever way, makes no unhandled rejection and asks nobody else', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const keys = threeHeld({ deaf: true });
      const opening = open(keys, { hedgeMs: 10 });
      await pass(10);
      await keys[1]!.held[0]!.answer();
      expect(await opening).toBe(true);
      keys[0]!.held[0]!.fail(rejected());
      await pass(100);
      expect(asked(keys)).toEqual([1, 1, 0]);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('a data key that does not verify the envelope wins nothing, and is zeroed', async () => {
    const wrong = pattern(32);
    const keys = [keyWith('a', { unwrap: async () => wrong }), new HeldKey('b')] as const;
    const opening = open(keys, { hedgeMs: 10 });
    await settled();
    await keys[1].held[0]!.answer();
    expect(await opening).toBe(true);
    expect(isZero(wrong)).toBe(true);
  });

  it('all failures are told in the order of the keys, whichever came first', async () => {
    const keys = threeHeld();
    const opening = refusal(() => open(keys, { hedgeMs: 10 }));
    await pass(10);
    await pass(10);
    for (const [key, error] of [
      ['KEY_THROTTLED', 2],
      ['KEY_DENIED', 1],
      ['KEY_TIMEOUT', 0],
    ] as const) {
      for (const call of keys[error]!.held) call.fail(new WeightsealError(key, 'No.'));
      await settled();
    }
    // The denied key has two more slots.
    for (let i = 1; i < 3; i++) {
      keys[1]!.held[i]!.fail(rejected());
      await settled();
    }
    const error = await opening;
    expect(error.code).toBe('UNWRAP_FAILED');
    expect(error.failures.map((failure) => failure.code)).toEqual([
      'KEY_TIMEOUT',
      'KEY_DENIED',
      'UNWRAP_REJECTED',
      'UNWRAP_REJECTED',
      'KEY_THROTTLED',
    ]);
  });

  it('an abort ends all of them at once, also those that do not listen', async () => {
    for (const deaf of [false, true]) {
      const keys = threeHeld({ deaf });
      const controller = new AbortController();
      const opening = refusal(() => open(keys, { hedgeMs: 10, signal: controller.signal }));
      await pass(10);
      controller.abort(new Error('changed my mind'));
      expect(await opening).toMatchObject({ code: 'ABORTED', cause: { message: 'changed my mind' } });
      expect(keys.map(({ held }) => held[0]?.signal.aborted)).toEqual([true, true, undefined]);
      if (!deaf) continue;
      const late = await keys[0]!.held[0]!.answer();
      await settled();
      expect(isZero(late)).toBe(true);
    }
  });

  it('a signal that never fires is left without listeners, whoever won', async () => {
    const { signal } = new AbortController();
    await open([keyWith('a', { unwrap: () => Promise.reject(unavailable()) }), new MemoryKey('b')], {
      signal,
    });
    await refusal(() => open([keyWith('a', { unwrap: () => Promise.reject(unavailable()) })], { signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('an abort before the start asks nobody', async () => {
    const keys = threeHeld();
    const error = await refusal(() => open(keys, { hedgeMs: 0, signal: AbortSignal.abort() }));
    expect(error.code).toBe('ABORTED');
    expect(asked(keys)).toEqual([0, 0, 0]);
  });

  it.each([-1, 0.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, '5' as never, null as never])(
    'of %s is INVALID_ARGUMENT, and asks nobody',
    async (hedgeMs) => {
      const key = new MemoryKey('a');
      expect((await refusal(() => open([key], { hedgeMs }))).code).toBe('INVALID_ARGUMENT');
      expect(key.calls).toBe(0);
    },
  );

  it('of 2^31 - 1 is fine', async () => {
    expect(await open([new MemoryKey('a'), new MemoryKey('b')], { hedgeMs: 2 ** 31 - 1 })).toBe(true);
  });

  it.each([
    ['rewrap', rewrap],
    ['reseal', reseal],
  ])('%s races too', async (_name, change) => {
    const path = temp.path();
    await sealToFile(bufferSource(PLAINTEXT), path, { keys: [new MemoryKey('a'), new MemoryKey('b')] });
    const slow = new HeldKey('a');
    const changing = change(path, {
      keys: [slow, new MemoryKey('b')],
      remove: ['memory:a'],
      add: [],
      hedgeMs: 50,
    });
    const outcome = failureOf(() => changing);
    while (slow.held.length === 0) await setImmediate();
    await pass(50);
    expect(await outcome).toBeUndefined();
    expect(slow.held[0]!.signal.aborted).toBe(true);
  });
});

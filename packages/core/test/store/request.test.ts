import type { ErrorCode } from '@weightseal/core';
import { describe, expect, it, vi } from 'vitest';
import { type Attempt, requestsOf } from '../../src/store/request.js';
import type { StoreTuning } from '../../src/store/tuning.js';
import { fakeTime } from '../support/fake-time.js';
import { settled } from '../support/held-key.js';
import { code, failureOf, refusal } from '../support/sealed.js';
import { hang, refusedWith } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const pass = fakeTime();

function requests(tuning: StoreTuning = {}) {
  return requestsOf({ store: new MemoryStore(), key: 'k', tuning });
}

/** What comes of it when all pauses are over. */
async function eventually<T>(running: Promise<T>): Promise<T> {
  let over = false;
  const ended = () => {
    over = true;
  };
  running.then(ended, ended);
  for (await settled(); !over; ) await pass(20_000);
  return await running;
}

const MAY_PASS: readonly ErrorCode[] = ['STORE_THROTTLED', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT'];
const WILL_NOT: readonly ErrorCode[] = [
  'STORE_DENIED',
  'STORE_RESPONSE_INVALID',
  'STORE_UNSUPPORTED',
  'INPUT_NOT_FOUND',
  'INPUT_CHANGED',
  'OUTPUT_EXISTS',
];

describe('a request to a store', () => {
  it.each(MAY_PASS)('is made again after %s, until it is answered', async (refused) => {
    const attempt = vi.fn<() => Promise<string>>();
    attempt.mockRejectedValueOnce(refusedWith(refused)).mockRejectedValueOnce(refusedWith(refused));
    attempt.mockResolvedValue('answer');
    expect(await eventually(requests().run('ask', undefined, attempt))).toBe('answer');
    expect(attempt).toHaveBeenCalledTimes(3);
  });

  it.each(MAY_PASS)('is made so many times at most after %s, and that is told', async (refused) => {
    const attempt = vi.fn(() => Promise.reject(refusedWith(refused)));
    const error = await refusal(() => eventually(requests({ attempts: 4 }).run('ask', undefined, attempt)));
    expect(error).toMatchObject({ code: refused, message: expect.stringContaining('4 times') });
    expect(attempt).toHaveBeenCalledTimes(4);
  });

  it('is made again no sooner than the store asks for', async () => {
    const attempt = vi.fn(async ({ later }: Attempt) => {
      later?.(5000);
      if (attempt.mock.calls.length < 2) throw refusedWith('STORE_UNAVAILABLE');
      return 'answer';
    });
    const running = requests().run('ask', undefined, attempt);
    await pass(4999);
    expect(attempt).toHaveBeenCalledOnce();
    await pass(101);
    expect(await running).toBe('answer');
  });

  it('waits a minute at most, whatever the store asks for', async () => {
    const attempt = vi.fn(async ({ later }: Attempt) => {
      later?.(Number.MAX_SAFE_INTEGER);
      if (attempt.mock.calls.length < 2) throw refusedWith('STORE_UNAVAILABLE');
      return 'answer';
    });
    const running = requests().run('ask', undefined, attempt);
    await pass(60_100);
    expect(await running).toBe('answer');
  });

  it.each(WILL_NOT)('is not made again after %s', async (refused) => {
    const error = refusedWith(refused);
    const attempt = vi.fn(() => Promise.reject(error));
    expect(await failureOf(() => requests().run('ask', undefined, attempt))).toBe(error);
    expect(attempt).toHaveBeenCalledOnce();
  });

  it('fails with a code whatever is thrown', async () => {
    const cause = new TypeError('what a library throws');
    const running = requests({ attempts: 1 }).run('ask', undefined, () => Promise.reject(cause));
    expect(await refusal(() => running)).toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
  });

  it('that was stopped by nobody here is made again', async () => {
    const attempt = vi.fn<() => Promise<number>>();
    attempt.mockRejectedValueOnce(refusedWith('ABORTED')).mockResolvedValue(1);
    expect(await eventually(requests().run('ask', undefined, attempt))).toBe(1);
  });

  it('has its time to be answered, and is made again then', async () => {
    const signals: AbortSignal[] = [];
    const attempt = ({ signal }: Attempt) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise<string>(() => {}) : Promise.resolve('answer');
    };
    const running = requests({ requestTimeoutMs: 1000 }).run('ask', undefined, attempt);
    await pass(999);
    expect(signals[0]!.aborted).toBe(false);
    await pass(1);
    expect(signals[0]!.aborted).toBe(true);
    expect(await eventually(running)).toBe('answer');
  });

  it('has more time where it sends much', async () => {
    let signal: AbortSignal | undefined;
    const attempt = (call: Attempt) => {
      signal = call.signal;
      return new Promise<never>(() => {});
    };
    const asked = requests({ requestTimeoutMs: 1000, attempts: 1 });
    const running = asked.run('ask', undefined, attempt, { sends: 8_388_608 });
    running.catch(() => {});
    await pass(20_000);
    expect(signal!.aborted).toBe(false);
    expect(await refusal(() => eventually(running))).toEqual(code('STORE_TIMEOUT'));
  });

  it('goes on as long as more comes, and its attempts begin anew; only the deadline ends that', async () => {
    let calls = 0;
    const attempt = async ({ signal, progress }: Attempt): Promise<never> => {
      calls++;
      progress(1);
      return await Promise.race([hang(signal), Promise.reject(refusedWith('STORE_UNAVAILABLE'))]);
    };
    const asked = requests({ attempts: 2, deadlineMs: 60_000 });
    const error = await refusal(() => eventually(asked.run('ask', undefined, attempt)));
    expect(error.code).toBe('STORE_TIMEOUT');
    expect(calls).toBeGreaterThan(2);
  });

  it('ends with its deadline whatever it waits for', async () => {
    const asked = requests({ deadlineMs: 3000, requestTimeoutMs: 60_000 });
    const running = asked.run('ask', undefined, () => new Promise<never>(() => {}));
    running.catch(() => {});
    await pass(3000);
    expect(await refusal(() => running)).toMatchObject({
      code: 'STORE_TIMEOUT',
      message: expect.stringContaining('3000 ms'),
    });
  });

  it.each([
    ['while a store answers that does not listen', () => new Promise<never>(() => {})],
    ['in a pause', () => Promise.reject(refusedWith('STORE_THROTTLED'))],
  ])('is aborted at once %s', async (_, attempt) => {
    const caller = new AbortController();
    const running = requests().run('ask', caller.signal, attempt);
    running.catch(() => {});
    await settled();
    caller.abort(new Error('enough'));
    expect(await refusal(() => running)).toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
  });

  it('is aborted at once while others are before it, and takes no place then', async () => {
    const asked = requests({ concurrency: 1 });
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = asked.run('ask', undefined, () => promise);
    const caller = new AbortController();
    const never = vi.fn(() => Promise.resolve(2));
    const second = asked.run('ask', caller.signal, never);
    second.catch(() => {});
    const third = asked.run('ask', undefined, () => Promise.resolve(3));
    await settled();
    caller.abort();
    expect(await refusal(() => second)).toEqual(code('ABORTED'));
    resolve(1);
    expect(await Promise.all([first, third])).toEqual([1, 3]);
    expect(never).not.toHaveBeenCalled();
  });

  it('that was aborted before is not made', async () => {
    const attempt = vi.fn(() => Promise.resolve(1));
    expect(await refusal(() => requests().run('ask', AbortSignal.abort(), attempt))).toEqual(code('ABORTED'));
    expect(attempt).not.toHaveBeenCalled();
  });

  it('gives away what comes when nobody waits any more', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const discard = vi.fn();
    const caller = new AbortController();
    const running = requests().run('ask', caller.signal, () => promise, { discard });
    running.catch(() => {});
    await settled();
    caller.abort();
    expect(await refusal(() => running)).toEqual(code('ABORTED'));
    resolve('late');
    await settled();
    expect(discard).toHaveBeenCalledExactlyOnceWith('late');
  });

  it('refuses a tuning that cannot be', () => {
    expect(() => requests({ attempts: 0 })).toThrow(code('INVALID_ARGUMENT') as Error);
  });
});

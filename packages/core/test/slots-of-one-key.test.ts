import { bufferSource, type KeyWrapper, openReader, WeightsealError } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { fakeTime } from './support/fake-time.js';
import { HeldKey, settled } from './support/held-key.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { failureOf, pattern, refusal, sealBytes } from './support/sealed.js';

const rejected = () => new WeightsealError('UNWRAP_REJECTED', 'Not this one.');
const asked = (keys: readonly HeldKey[]) => keys.map((key) => key.held.length);
const pass = fakeTime();

describe('the slots of one key', () => {
  const many = sealBytes(pattern(300), {
    keys: Array.from({ length: 32 }, (_, i) => new MemoryKey(`k${i}`)),
  });
  const openMany = async (keys: readonly KeyWrapper[], options: { readonly hedgeMs?: number }) => {
    await using _reader = await openReader(bufferSource(await many), { keys, ...options });
  };

  it('are never asked about at once, though there are 32 of them and hedgeMs is 0', async () => {
    let underWay = 0;
    let most = 0;
    const key = keyWith('other', {
      unwrap: async () => {
        most = Math.max(most, ++underWay);
        await settled();
        underWay--;
        throw rejected();
      },
    });
    const error = await refusal(() => openMany([key], { hedgeMs: 0 }));
    expect(error.failures).toHaveLength(32);
    expect(most).toBe(1);
  });

  it.each(['KEY_TIMEOUT', 'KEY_UNAVAILABLE', 'KEY_THROTTLED'] as const)(
    'are given up when the service says %s: 32 of them would cost 32 times the wait',
    async (failure) => {
      const key = keyWith('other', {
        unwrap: () => Promise.reject(new WeightsealError(failure, 'Not now.')),
      });
      expect((await refusal(() => openMany([key], {}))).code).toBe(failure);
      expect(key.unwraps).toBe(1);
    },
  );

  it('are gone through to the last when it is the slot that is refused', async () => {
    const key = new MemoryKey('k31');
    // A key under another name, an alias say, does not know which slot is its own.
    const alias = keyWith('alias', { unwrap: (...call) => key.unwrap(...call) });
    expect(await failureOf(() => openMany([alias], {}))).toBeUndefined();
    expect(alias.unwraps).toBe(32);
  });

  it('do not hold up the next key: it is asked after hedgeMs, while the first goes through its slots', async () => {
    const [first, second] = [new HeldKey('other', { deaf: true }), new HeldKey('k1')];
    const opening = openMany([first, second], { hedgeMs: 10 });
    await pass(0);
    first.held[0]!.fail(rejected());
    await settled();
    expect(asked([first, second])).toEqual([2, 0]);
    await pass(10);
    expect(asked([first, second])).toEqual([2, 1]);
    await second.held[0]!.answer();
    await opening;
    first.held[1]!.fail(rejected());
    await settled();
    expect(asked([first, second])).toEqual([2, 1]);
  });
});

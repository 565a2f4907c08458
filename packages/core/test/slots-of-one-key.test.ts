import { bufferSource, type KeyWrapper, openReader, shareUnwraps, WeightsealError } from '@weightseal/core';
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
    expect(error.failures).toHaveLength(4);
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

  it('are gone through as far as one file may ask: its own first, then three others', async () => {
    const key = new MemoryKey('k2');
    // A key under another name, an alias say, does not know which slot is its own.
    const alias = keyWith('alias', { unwrap: (...call) => key.unwrap(...call) });
    expect(await failureOf(() => openMany([alias], {}))).toBeUndefined();
    expect(alias.unwraps).toBe(3);
    const own = new MemoryKey('k31');
    expect(await failureOf(() => openMany([own], {}))).toBeUndefined();
    expect(own.unwraps).toBe(1);
  });

  it('and what is beyond that is told', async () => {
    const stranger = keyWith('stranger', { unwrap: () => Promise.reject(rejected()) });
    const error = await refusal(() => openMany([stranger], {}));
    expect(stranger.unwraps).toBe(4);
    expect(error).toMatchObject({ code: 'UNWRAP_REJECTED', message: expect.stringContaining('Of 32 slots') });
  });

  it('are not asked about when the key says that they are of another', async () => {
    const judging = Object.assign(new MemoryKey('k31'), { fits: () => false });
    expect(await failureOf(() => openMany([judging], {}))).toBeUndefined();
    expect(judging.unwraps).toBe(1);
    for (const fits of [
      () => false,
      () => Promise.resolve(true) as never,
      () => {
        throw new Error('no idea');
      },
    ]) {
      const other = Object.assign(new MemoryKey('other'), { fits });
      expect((await refusal(() => openMany([other], {}))).code).toBe('NO_MATCHING_KEY');
      expect(other.calls).toBe(0);
    }
  });

  it('that cost this process are tried as long as their sum allows it, the cheap ones first', async () => {
    const GIB = 2 ** 30;
    const tried: string[] = [];
    const costing = (cost: (number: number) => number) => {
      tried.length = 0;
      const numberOf = (uri: string) => Number(/\d+/.exec(uri)![0]);
      const unwrap: KeyWrapper['unwrap'] = ({ keyUri }) => {
        tried.push(keyUri);
        return Promise.reject(rejected());
      };
      return Object.assign(keyWith('other', { unwrap }), {
        effort: ({ keyUri }: { keyUri: string }) => cost(numberOf(keyUri)),
      });
    };
    await refusal(() => openMany([costing(() => GIB)], {}));
    expect(tried).toHaveLength(1);
    await refusal(() => openMany([costing(() => GIB / 8)], {}));
    expect(tried).toHaveLength(8);
    await refusal(() => openMany([costing((number) => (number === 0 ? GIB : GIB / 8))], {}));
    expect(tried[0]).toBe('memory:k1');
    await refusal(() => openMany([costing(() => 0)], {}));
    expect(tried).toHaveLength(32);
    for (const unsaid of [Number.NaN, -1, 1n, '1', null, undefined, Promise.resolve(1)])
      expect((await refusal(() => openMany([costing(() => unsaid as number)], {}))).code).toBe(
        'NO_MATCHING_KEY',
      );
  });

  it.each([1, 'yes', true, {}, null])(
    'are not judged by what is no function, shared or not: %j',
    async (fits) => {
      const given = () => Object.assign(new MemoryKey('k31'), { fits, effort: fits }) as unknown as MemoryKey;
      await openMany([given()], {});
      using shared = shareUnwraps([given()]);
      await openMany(shared.keys, {});
    },
  );

  it('are judged by a key that is shared, too', async () => {
    const other = Object.assign(new MemoryKey('other'), { fits: () => false });
    using shared = shareUnwraps([other]);
    expect((await refusal(() => openMany(shared.keys, {}))).code).toBe('NO_MATCHING_KEY');
    expect(other.calls).toBe(0);
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

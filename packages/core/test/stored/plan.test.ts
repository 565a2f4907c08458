import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyLength, headSays, isSealedHead, rangesOf, rank } from '../../src/stored/plan.js';
import { withinBudget } from '../../src/stored/within-budget.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal, sealBytes } from '../support/sealed.js';

const MIB = 1_048_576;
const S3 = { least: 5 * MIB, most: 5120 * MIB, multiple: 1, count: 10_000, anyOrder: true };

it('ranges that a store copies are all of an object, one after the other, and each as the rules have it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 2 ** 40 }), (size) => {
      let end = 0;
      for (const [at, { index, offset, length }] of [...rangesOf(size, copyLength(S3, size))].entries()) {
        expect([index, offset]).toEqual([at, end]);
        expect(length).toBeLessThanOrEqual(S3.most);
        end += length;
        if (end < size) expect(length).toBeGreaterThanOrEqual(S3.least);
      }
      expect(end).toBe(size);
    }),
  );
  const length = copyLength({ ...S3, count: Infinity }, 1000);
  expect([...rangesOf(1000, length)]).toEqual([{ index: 0, offset: 0, length: 1000 }]);
});

it('more than a store takes in parts is refused', async () => {
  const attempt = async () => copyLength({ ...S3, count: 2 }, 3 * S3.most);
  expect((await refusal(attempt)).code).toBe('STORE_UNSUPPORTED');
});

it('the beginning says of what is sealed that it is the same, and of nothing else', async () => {
  const sealed = await sealBytes(pattern(200_000), { keys: [new MemoryKey('a')] });
  const head = sealed.subarray(0, 65_536);
  expect([isSealedHead(head), headSays(sealed.length, head)]).toEqual([true, true]);
  // The payload begins as one of a bundle does.
  expect(isSealedHead(sealed.subarray(4096 + 2 * 16_384))).toBe(true);
  const plain = pattern(65_536);
  expect([isSealedHead(plain), headSays(65_537, plain), headSays(65_536, plain)]).toEqual([
    false,
    false,
    true,
  ]);
  expect(isSealedHead(new Uint8Array(0))).toBe(false);
});

it('what makes a bundle of it comes last', () => {
  const paths = ['weightseal.json', 'weightseal.table', 'a', 'z/weightseal.json'];
  expect(paths.toSorted((a, b) => rank('bundle', a) - rank('bundle', b))).toEqual([
    'a',
    'z/weightseal.json',
    'weightseal.table',
    'weightseal.json',
  ]);
});

it('as much is under way at once as the budget allows, and nothing after a failure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 })), async (weights) => {
      let [used, count, done] = [0, 0, 0];
      await withinBudget(
        weights,
        { total: 10, atOnce: 3, weightOf: (one) => one },
        undefined,
        async (one) => {
          used += one;
          count++;
          expect(count === 1 || used <= 10).toBe(true);
          expect(count).toBeLessThanOrEqual(3);
          await new Promise((resolve) => setImmediate(resolve));
          used -= one;
          count--;
          done++;
        },
      );
      expect(done).toBe(weights.length);
    }),
  );
  let under = 0;
  const failing = withinBudget(
    [1, 2, 3, 4, 5],
    { total: 9, atOnce: 2, weightOf: () => 1 },
    undefined,
    async (one, signal) => {
      under++;
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      expect(one).toBeLessThan(5);
      if (one === 2) throw new Error('two');
      if (one === 3) expect(signal.aborted).toBe(true);
    },
  );
  await expect(failing).rejects.toThrow('two');
  expect(under).toBe(0);
});

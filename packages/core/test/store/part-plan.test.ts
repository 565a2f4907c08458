import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCopy } from '../../src/store/copy-plan.js';
import type { PartRules } from '../../src/store/object-store.js';
import { atOnceOf, partOf, planParts, SENDING_BYTES } from '../../src/store/part-plan.js';
import { code, refusal } from '../support/sealed.js';

const MIB = 1_048_576;
const S3: PartRules = { least: 5 * MIB, most: 5120 * MIB, multiple: 1, count: 10_000, anyOrder: true };
const IN_ORDER: PartRules = {
  least: 262_144,
  most: 2 ** 50,
  multiple: 262_144,
  count: Infinity,
  anyOrder: false,
};

const rules: fc.Arbitrary<PartRules> = fc
  .record({
    multiple: fc.integer({ min: 1, max: 8 }),
    least: fc.integer({ min: 1, max: 40 }),
    more: fc.integer({ min: 0, max: 200 }),
    count: fc.integer({ min: 2, max: 30 }),
    anyOrder: fc.boolean(),
  })
  .map(({ multiple, least, more, count, anyOrder }) => ({
    multiple,
    least,
    most: Math.ceil(least / multiple) * multiple + more,
    count,
    anyOrder,
  }));

/** The lengths of the parts of so many bytes. */
function cut(sizeOf: (index: number) => number, size: number): number[] {
  const lengths = [];
  for (let rest = size; rest > 0; rest -= lengths.at(-1)!)
    lengths.push(Math.min(rest, sizeOf(lengths.length)));
  return lengths;
}

function expectAllowed(lengths: readonly number[], { least, most, multiple, count }: PartRules): void {
  expect(lengths.length).toBeLessThanOrEqual(count);
  for (const [index, length] of lengths.entries()) {
    expect(length).toBeLessThanOrEqual(most);
    if (index === lengths.length - 1) continue;
    expect(length).toBeGreaterThanOrEqual(least);
    expect(length % multiple).toBe(0);
  }
}

describe('the parts of an upload', () => {
  it('are as long as wanted where the rules allow it', () => {
    expect(planParts(S3, { partBytes: 8 * MIB, size: 4096 * MIB }).sizeOf(3)).toBe(8 * MIB);
    expect(planParts(S3, { partBytes: 1, size: 4096 * MIB }).sizeOf(3)).toBe(5 * MIB);
    expect(partOf(300_000, IN_ORDER)).toBe(524_288);
  });

  it('are longer where there would be too many of them', () => {
    const { sizeOf } = planParts(S3, { partBytes: 8 * MIB, size: 2 ** 40 });
    expect(sizeOf(0)).toBe(Math.ceil(2 ** 40 / 10_000));
    expect(cut(sizeOf, 2 ** 40)).toHaveLength(10_000);
  });

  it('grow where nobody knows how many there will be', () => {
    const { sizeOf } = planParts(S3, { partBytes: 8 * MIB });
    expect([0, 999, 1000, 9999].map((index) => sizeOf(index) / MIB)).toEqual([8, 8, 16, 4096]);
    let sum = 0;
    for (let index = 0; index < 10_000; index++) sum += sizeOf(index);
    expect(sum).toBeGreaterThan(5 * 2 ** 40);
    expect(() => sizeOf(10_000)).toThrow(code('STORE_UNSUPPORTED') as Error);
    expect(planParts(IN_ORDER, { partBytes: 8 * MIB }).sizeOf(10_000_000)).toBe(8 * MIB);
  });

  it('begin with the shortest that can wait, where the beginning comes last', () => {
    const plan = planParts(S3, { partBytes: 8 * MIB, size: 4096 * MIB, head: 36_864 });
    expect(plan).toMatchObject({ firstLast: true });
    expect([plan.sizeOf(0), plan.sizeOf(1)]).toEqual([5 * MIB, 8 * MIB]);
    expect(planParts(IN_ORDER, { partBytes: 8 * MIB, head: 36_864 }).firstLast).toBe(false);
  });

  it('are never what the rules forbid, whatever the size', () => {
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 1, max: 100 }),
        fc.nat(5000),
        fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
        (given, partBytes, size, head) => {
          const plan = () => planParts(given, { partBytes, size, head });
          const longest = Math.floor(given.most / given.multiple) * given.multiple;
          // The first part may be as short as it can be.
          if (size > longest * (given.count - 1)) return;
          expectAllowed(cut(plan().sizeOf, size), given);
        },
      ),
    );
  });

  it('of an unknown size are never what the rules forbid, as long as there are enough of them', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 100 }), fc.nat(2000), (given, partBytes, size) => {
        const { sizeOf } = planParts(given, { partBytes });
        let room = 0;
        for (let index = 0; index < given.count; index++) room += sizeOf(index);
        if (size <= room) expectAllowed(cut(sizeOf, size), given);
        else expect(() => cut(sizeOf, size)).toThrow(code('STORE_UNSUPPORTED') as Error);
      }),
    );
  });

  it('are too many of a size that no store of these rules takes', async () => {
    const plan = async () => planParts(S3, { partBytes: 8 * MIB, size: 5120 * MIB * 10_000 + 1 });
    expect(await refusal(plan)).toMatchObject({ code: 'STORE_UNSUPPORTED' });
  });

  it('are on their way at once in bounded memory, and one after the other where order counts', () => {
    expect(atOnceOf(S3, 16, 8 * MIB)).toBe(16);
    expect(atOnceOf(S3, 64, 8 * MIB) * 8 * MIB).toBe(SENDING_BYTES);
    expect(atOnceOf(S3, 16, 512 * MIB)).toBe(1);
    expect(atOnceOf(IN_ORDER, 16, 8 * MIB)).toBe(1);
  });
});

describe('what is copied when an object gets another beginning', () => {
  it('is all but what must share a part with it', () => {
    const size = 4096 * MIB;
    const plan = planCopy(S3, { size, from: 36_864, head: 36_864 });
    expect(plan.through).toBe(5 * MIB - 36_864);
    expect(plan.copies).toHaveLength(16);
    expect(plan.copies[0]).toEqual({ index: 1, offset: 5 * MIB, length: 256 * MIB });
    expect(plan.copies.at(-1)).toEqual({ index: 16, offset: 5 * MIB + 15 * 256 * MIB, length: 251 * MIB });
  });

  it('is nothing of what fits into the first part', () => {
    expect(planCopy(S3, { size: 1000, from: 100, head: 50 })).toEqual({ through: 900, copies: [] });
  });

  it('is always all of it, in order, in parts that the rules allow', () => {
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.nat(3000),
        (given, head, from, stays) => {
          const longest = Math.floor(given.most / given.multiple) * given.multiple;
          if (head > longest || stays > longest * (given.count - 1)) return;
          const { through, copies } = planCopy(given, { size: from + stays, from, head });
          expectAllowed([head + through, ...copies.map(({ length }) => length)], given);
          let at = from + through;
          for (const [place, { index, offset, length }] of copies.entries()) {
            expect([index, offset]).toEqual([place + 1, at]);
            at += length;
          }
          expect(at).toBe(from + stays);
        },
      ),
    );
  });
});

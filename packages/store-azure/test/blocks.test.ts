import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, blockNames, cut } from '../src/blocks.js';

const blocks: fc.Arbitrary<readonly Block[]> = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 })
  .map((sizes) => sizes.map((size, i) => ({ name: `n${i}`, size })));

describe('a range of a blob', () => {
  it('is what is before its whole blocks, these, and what is behind them', () => {
    fc.assert(
      fc.property(blocks, fc.nat(60), fc.integer({ min: 1, max: 60 }), (given, offset, length) => {
        const ends = given.map(
          (
            (at) =>
            ({ size }) =>
              (at += size)
          )(0),
        );
        const found = cut(given, offset, length);
        const whole = given.filter(({ size }, i) => ends[i]! - size >= offset && ends[i]! <= offset + length);
        if (whole.length === 0 || ends.at(-1)! < offset + length) {
          expect(found).toBeUndefined();
          return;
        }
        const sum = whole.reduce((all, { size }) => all + size, 0);
        expect(found?.names).toEqual(whole.map(({ name }) => name));
        expect(found!.before.offset).toBe(offset);
        expect(found!.before.length + sum + found!.behind.length).toBe(length);
        expect(found!.behind.offset).toBe(offset + found!.before.length + sum);
      }),
    );
  });
});

describe('the names of new blocks', () => {
  it('have one length, and are no other upload’s', () => {
    const [one, other] = [blockNames()!, blockNames()!];
    expect(new Set([0, 1, 99_999].map((index) => one.of(index).length)).size).toBe(1);
    expect(one.of(0)).not.toBe(other.of(0));
    expect(one.of(0)).not.toBe(one.of(1));
    expect([0, 1, 99_999].map((index) => one.indexOf(one.of(index)))).toEqual([0, 1, 99_999]);
    expect(['', 'AAAA', other.of(3)].map((name) => one.indexOf(name))).toEqual(Array(3).fill(undefined));
  });

  it('have the length of those that are there', () => {
    const name = Buffer.alloc(48, 'x').toString('base64');
    expect(blockNames([{ name, size: 1 }])!.of(7)).toHaveLength(name.length);
  });

  it.each([
    ['too short', ['AAAA']],
    ['of several lengths', [Buffer.alloc(20).toString('base64'), Buffer.alloc(32).toString('base64')]],
  ])('cannot join those that are %s', (_, names) => {
    expect(blockNames(names.map((name) => ({ name, size: 1 })))).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { compareIds, nextId } from '../src/versions.js';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('versions of a key', () => {
  it('are ordered by their ids as byte strings', () => {
    const ids = ['02', '', '0100000188888888', '01', '0a', '010000'].map(hex).sort(compareIds);
    expect(ids.map((id) => id.toString('hex'))).toEqual(['', '01', '010000', '0100000188888888', '02', '0a']);
  });

  it.each(['', '01', '09', '0100000188888888', '6b6579', 'fffffffe', 'a'.repeat(40)])(
    'have one after %s',
    (last) => {
      for (const random of ['00000000', 'ffffffff']) {
        const next = nextId(hex(last), hex(random));
        expect(next).toHaveLength(8);
        expect(compareIds(next!, hex(last))).toBe(1);
      }
    },
  );

  it('that are made at the same time have different ids', () => {
    expect(nextId(hex('01'), hex('11111111'))).not.toEqual(nextId(hex('01'), hex('22222222')));
  });

  it('come to an end after the highest id', () => {
    expect(nextId(hex('ffffffff00'), hex('00000000'))).toBeUndefined();
  });
});

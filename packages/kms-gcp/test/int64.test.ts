import { describe, expect, it } from 'vitest';
import { hasChecksum, int64 } from '../src/int64.js';

describe('an int64 of an answer', () => {
  const long = { low: -1, high: 0, unsigned: false, toString: () => '4294967295' };
  it.each([
    ['a string', '4294967295', 4294967295],
    ['a wrapped string', { value: '0' }, 0],
    ['a wrapped number', { value: 7 }, 7],
    ['a wrapped Long', { value: long }, 4294967295],
    ['a wrapped bigint', { value: 8n }, 8],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['a wrapped null', { value: null }, undefined],
    ['a negative one', { value: '-1' }, undefined],
    ['a fraction', { value: 1.5 }, undefined],
    ['no number', { value: 'x' }, undefined],
    ['an object', {}, undefined],
  ])('may be %s', (_, given, expected) => {
    expect(int64(given)).toBe(expected);
  });

  it('is a checksum only of the bytes that it fits', () => {
    const bytes = Buffer.from('123456789');
    expect(hasChecksum(bytes, { value: '3808858755' })).toBe(true);
    expect(hasChecksum(bytes, { value: '3808858754' })).toBe(false);
    expect(hasChecksum(bytes, null)).toBe(false);
    expect(hasChecksum(new Uint8Array(), null)).toBe(false);
  });
});

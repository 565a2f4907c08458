import { describe, expect, it } from 'vitest';
import { crc32c, hasChecksum, int64 } from '../src/crc32c.js';
import { checksum } from './fake-kms.js';

describe('CRC32C', () => {
  // RFC 3720 appendix B.4, whose bytes are in the order of the wire, and "123456789", the check value of its catalogue.
  const iscsiRead = Buffer.from(
    '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' + '0200000000000000',
    'hex',
  );
  it.each([
    ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 bytes that count up', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['32 bytes that count down', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['an iSCSI SCSI Read command', iscsiRead, 0xd9963a56],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(checksum(bytes)).toEqual({ value: String(expected) });
  });

  it('of any length is what the bit-by-bit computation gives', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 151 + length * 7) & 255));
      expect(String(crc32c(bytes))).toBe(checksum(bytes).value);
    }
  });
});

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

import { describe, expect, it } from 'vitest';
import {
  encodeFields,
  functionOffset,
  type Layout,
  readHandles,
  readText,
  readUlong,
} from '../src/cryptoki/layout.js';
import { Memory } from '../src/cryptoki/memory.js';

const LINUX: Layout = { ulong: 8, pointer: 8, packed: false };
const WINDOWS: Layout = { ulong: 4, pointer: 8, packed: true };

describe('structures of PKCS#11', () => {
  it('have CK_ULONGs of eight bytes on 64-bit Unix, and of four on Windows', () => {
    // CK_ATTRIBUTE: type, pValue, ulValueLen.
    const attribute = [0x161, 0x1122334455667788n, 8] as const;
    expect(encodeFields(LINUX, attribute).toString('hex')).toBe(
      '6101000000000000' + '8877665544332211' + '0800000000000000',
    );
    expect(encodeFields(WINDOWS, attribute).toString('hex')).toBe(
      '61010000' + '8877665544332211' + '08000000',
    );
  });

  it('have the functions behind a version of two bytes, aligned where structures are', () => {
    expect(functionOffset(LINUX, 0)).toBe(8);
    expect(functionOffset(LINUX, 58)).toBe(8 + 58 * 8);
    expect(functionOffset(WINDOWS, 0)).toBe(2);
    expect(functionOffset({ ulong: 4, pointer: 4, packed: false }, 2)).toBe(12);
  });

  it('say by all ones that something is not to be had', () => {
    expect(readUlong(LINUX, Buffer.alloc(8, 0xff))).toBeUndefined();
    expect(readUlong(WINDOWS, Buffer.alloc(4, 0xff))).toBeUndefined();
    expect(readUlong(LINUX, encodeFields(LINUX, [32]))).toBe(32);
  });

  it('hold handles that no double can', () => {
    const bytes = Buffer.from('01000000000000800200000000000000', 'hex');
    expect(readHandles(LINUX, bytes, 2)).toEqual([0x8000000000000001n, 2n]);
    expect(readHandles(WINDOWS, bytes, 3)).toEqual([1n, 0x80000000n, 2n]);
  });

  it('have texts padded with blanks, or with zeros', () => {
    expect(readText(Buffer.from('xxmodels  '), 2, 8)).toBe('models');
    expect(readText(Buffer.from('models\0\0junk'), 0, 12)).toBe('models');
    expect(readText(Buffer.from('two words '), 0, 10)).toBe('two words');
    expect(readText(Buffer.from('größe  '), 0, 9)).toBe('größe');
  });
});

describe('memory for a call', () => {
  it('is zeroed when the call is over', () => {
    const memory = new Memory(LINUX, () => 1n);
    const secret = memory.copy(Buffer.from('a data key'));
    const structure = memory.fields(7, secret.address);
    memory[Symbol.dispose]();
    expect(secret.bytes.every((byte) => byte === 0)).toBe(true);
    expect(structure.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('is NULL when it is empty', () => {
    expect(new Memory(LINUX, () => 1n).empty(0).address).toBe(0n);
  });
});

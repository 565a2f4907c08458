import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyBytes } from '../src/common/copy-bytes.js';

it('copies what `set` copies, into memory of its own and into shared memory', () => {
  const memory = fc.constantFrom(ArrayBuffer, SharedArrayBuffer);
  fc.assert(
    fc.property(
      memory,
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(40),
      fc.nat(40),
      fc.nat(40),
      (Memory, source, from, at, after) => {
        const of = () => new Uint8Array(new Memory(from + at + source.length + after), from);
        const [target, wanted] = [of(), of()];
        copyBytes(target, source, at);
        wanted.set(source, at);
        expect(Buffer.compare(new Uint8Array(target.buffer), new Uint8Array(wanted.buffer))).toBe(0);
      },
    ),
  );
});

it.each([ArrayBuffer, SharedArrayBuffer])('and refuses what does not fit into a %s', (Memory) => {
  expect(() => copyBytes(new Uint8Array(new Memory(10), 0, 5), new Uint8Array(6))).toThrow(RangeError);
  expect(() => copyBytes(new Uint8Array(new Memory(10), 0, 5), new Uint8Array(3), 3)).toThrow(RangeError);
});

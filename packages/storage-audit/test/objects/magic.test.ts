import { weightFormatOf } from '@weightseal/storage-audit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { field, OTHERS, onnx, WEIGHTS } from './weights.js';

const HEAD = 4096;
const seen = (bytes: Uint8Array, size: number, name: string) =>
  weightFormatOf(bytes.subarray(0, HEAD), size, name);

describe('by its first bytes a file is', () => {
  it.each(WEIGHTS)('%s', (name, bytes, format) => {
    expect(seen(bytes, bytes.length, name)).toBe(format);
    expect(seen(bytes, bytes.length, `deep/er/${name}`)).toBe(format);
  });

  it.each(OTHERS)('no model: %s', (name, bytes) => {
    expect(seen(bytes, bytes.length, name)).toBeUndefined();
  });

  it('ONNX by its name, where the graph comes late', () => {
    const late = onnx(field(6, Buffer.alloc(10_000, 97)));
    expect(seen(late, late.length, 'm.onnx')).toBe('onnx');
    expect(seen(late, late.length, 'm')).toBeUndefined();
    expect(seen(late, 9000, 'm.onnx')).toBeUndefined();
  });
});

describe('property', () => {
  it('what comes behind the first 4 KiB does not matter, nor where the bytes lie', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WEIGHTS),
        fc.uint8Array({ maxLength: 5000 }),
        fc.nat(9),
        (of, more, before) => {
          const [name, bytes, format] = of;
          const whole = Buffer.concat([Buffer.alloc(before), bytes, more]).subarray(before);
          expect(seen(whole, whole.length, name)).toBe(format);
        },
      ),
    );
  });

  it('no bytes make it throw, and it says the same of the same', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: HEAD }),
      fc
        .tuple(fc.constantFrom(...WEIGHTS), fc.nat(), fc.nat(255), fc.nat(HEAD))
        .map(([[, of], at, value, end]) => {
          const changed = Buffer.from(of);
          changed[at % changed.length] = value;
          return changed.subarray(0, end);
        }),
    );
    const known = new Set<string | undefined>([...WEIGHTS.map(([, , format]) => format), undefined]);
    fc.assert(
      fc.property(bytes, fc.constantFrom('a', 'a.onnx', 'a.bin'), (head, name) => {
        const found = weightFormatOf(head, head.length, name);
        expect(known).toContain(found);
        expect(weightFormatOf(Uint8Array.from(head), head.length, name)).toBe(found);
      }),
      { numRuns: 2000 },
    );
  });

  it('no sealed file is taken for weights, whatever its name', () => {
    const magic = Buffer.from('89575345414c0d0a', 'hex');
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('a.onnx', 'a.bin', 'a.pt', 'a'),
        (rest, name) => {
          const bytes = Buffer.concat([magic, rest]);
          expect(seen(bytes, bytes.length, name)).toBeUndefined();
        },
      ),
    );
  });
});

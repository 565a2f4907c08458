import { createHash } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { isZero, utf8, view } from './bytes.js';

// FORMAT.md §4: one of the two copies of the envelope.
const MAGIC = utf8('WSENVLP1');
const HEAD_LENGTH = 56;

/** The longest envelope document that fits into a copy of `area` bytes. */
export function copyCapacity(area: number): number {
  return area - HEAD_LENGTH;
}

export interface EnvelopeCopy {
  readonly generation: number;
  readonly document: Uint8Array;
}

function checksum(head: Uint8Array, document: Uint8Array): Uint8Array {
  return createHash('sha256').update(head.subarray(0, 24)).update(document).digest();
}

/** FORMAT.md §13.1: the generation after this one. @throws GENERATION_EXHAUSTED */
export function nextGeneration(generation: number): number {
  if (generation < Number.MAX_SAFE_INTEGER) return generation + 1;
  throw new WeightsealError(
    'GENERATION_EXHAUSTED',
    'The envelope counts how often it was written, and has come to the end of its numbers; nobody gets there by rewrapping. ' +
      '`reseal` begins anew, under a new data key.',
  );
}

/** What it returns, `parseCopy` takes. @throws ENVELOPE_FULL */
export function encodeCopy({ generation, document }: EnvelopeCopy, area: number): Uint8Array<ArrayBuffer> {
  if (document.length > copyCapacity(area)) {
    throw new WeightsealError(
      'ENVELOPE_FULL',
      `The envelope needs ${document.length} bytes and the file has room for ${copyCapacity(area)}. ` +
        'Remove a recipient, or let the rewrap write the file anew with a larger envelope area (--grow).',
    );
  }
  const out = new Uint8Array(area);
  out.set(MAGIC);
  const fields = view(out);
  fields.setBigUint64(8, BigInt(generation));
  fields.setUint32(16, document.length);
  out.set(checksum(out, document), 24);
  out.set(document, HEAD_LENGTH);
  if (parseCopy(out)) return out;
  throw new WeightsealError(
    'INTERNAL',
    `An envelope copy of generation ${generation} could not be read again, so it was not written. Report this.`,
  );
}

/** The copy's content when it is whole (FORMAT.md §4.2), else undefined. */
export function parseCopy(bytes: Uint8Array): EnvelopeCopy | undefined {
  if (bytes.length < HEAD_LENGTH || !MAGIC.every((byte, at) => bytes[at] === byte)) return undefined;
  const fields = view(bytes);
  const generation = Number(fields.getBigUint64(8));
  const length = fields.getUint32(16);
  if (generation < 1 || !Number.isSafeInteger(generation) || fields.getUint32(20) !== 0) return undefined;
  if (length > copyCapacity(bytes.length) || !isZero(bytes.subarray(HEAD_LENGTH + length))) return undefined;
  const document = bytes.slice(HEAD_LENGTH, HEAD_LENGTH + length);
  return Buffer.compare(checksum(bytes, document), bytes.subarray(24, HEAD_LENGTH)) === 0
    ? { generation, document }
    : undefined;
}

export interface ChosenCopy extends EnvelopeCopy {
  /** Which copy is in use: 0 is A, 1 is B. */
  readonly index: 0 | 1;
  /** Whether the other copy says the same; false after a crash between a rewrap's two writes. */
  readonly mirrored: boolean;
}

/** FORMAT.md §4.3. @throws ENVELOPE_DAMAGED */
export function chooseCopy(a: EnvelopeCopy | undefined, b: EnvelopeCopy | undefined): ChosenCopy {
  const mirrored =
    a !== undefined &&
    b !== undefined &&
    a.generation === b.generation &&
    Buffer.compare(a.document, b.document) === 0;
  if (a && (!b || a.generation >= b.generation)) return { ...a, index: 0, mirrored };
  if (b) return { ...b, index: 1, mirrored };
  throw new WeightsealError(
    'ENVELOPE_DAMAGED',
    'Neither copy of the envelope is whole, so no key can be found for the file; get a sound copy of it.',
  );
}

import { WeightsealError } from '../errors.js';
import { isZero, view } from './bytes.js';

// FORMAT.md §3.
export const PREAMBLE_LENGTH = 4096;
export const MIN_AREA = 4096;
export const MAX_AREA = 1_048_576;
/** FORMAT.md §12.3. */
export const DEFAULT_AREA = 16_384;
const MAGIC = Uint8Array.of(0x89, 0x57, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a);
const VERSION = 1;

export interface Preamble {
  /** Bytes of one envelope copy. */
  readonly area: number;
  /** Where the payload begins. */
  readonly payloadOffset: number;
}

export function preambleFor(area: number): Preamble {
  return { area, payloadOffset: PREAMBLE_LENGTH + 2 * area };
}

export function encodePreamble({ area, payloadOffset }: Preamble): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(PREAMBLE_LENGTH);
  out.set(MAGIC);
  const fields = view(out);
  fields.setUint16(8, VERSION);
  fields.setUint32(12, area);
  fields.setBigUint64(16, BigInt(payloadOffset));
  return out;
}

/** Parses the first 4096 bytes of a file, or all of a shorter one. */
export function parsePreamble(bytes: Uint8Array): Preamble {
  if (bytes.length < MAGIC.length || !MAGIC.every((byte, at) => bytes[at] === byte)) {
    throw new WeightsealError(
      'NOT_SEALED',
      'This is not a sealed file; check the path, or seal the file first.',
    );
  }
  if (bytes.length < 12) throw cut();
  const fields = view(bytes);
  if (fields.getUint16(8) !== VERSION || fields.getUint16(10) !== 0) {
    throw new WeightsealError(
      'UNSUPPORTED_VERSION',
      `The file has format version ${fields.getUint16(8)}, flags ${fields.getUint16(10)}; this release reads version ${VERSION} without flags. Update weightseal.`,
    );
  }
  if (bytes.length < PREAMBLE_LENGTH) throw cut();
  const area = fields.getUint32(12);
  const preamble = preambleFor(area);
  const sound =
    area >= MIN_AREA &&
    area <= MAX_AREA &&
    area % 4096 === 0 &&
    fields.getBigUint64(16) === BigInt(preamble.payloadOffset) &&
    isZero(bytes.subarray(24, PREAMBLE_LENGTH));
  if (!sound) {
    throw new WeightsealError(
      'HEADER_INVALID',
      'The first 4096 bytes of the file were changed; get a sound copy of it.',
    );
  }
  return preamble;
}

function cut(): WeightsealError {
  return new WeightsealError('PAYLOAD_TRUNCATED', 'The file ends inside its header; get a whole copy of it.');
}

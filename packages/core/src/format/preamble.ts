import { WeightsealError } from '../errors.js';
import { isZero, view } from './bytes.js';

// FORMAT.md §3.
export const PREAMBLE_LENGTH = 4096;
export const MIN_AREA = 4096;
export const MAX_AREA = 1_048_576;
/** FORMAT.md §12.3. */
export const DEFAULT_AREA = 16_384;
export const MAGIC_LENGTH = 8;
const MAGIC = Uint8Array.of(0x89, 0x57, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a);
const VERSION = 1;
/** Version and flags, as they stand after the magic. */
const VERSION_AND_FLAGS = Uint8Array.of(0, VERSION, 0, 0);

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

/** Whether this is how a sealed file begins. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC_LENGTH && MAGIC.every((byte, at) => bytes[at] === byte);
}

/** Parses the first 4096 bytes of a file, or all of a shorter one. */
export function parsePreamble(bytes: Uint8Array): Preamble {
  if (!isSealed(bytes)) {
    throw new WeightsealError(
      'NOT_SEALED',
      'This is not a sealed file; check the path, or seal the file first.',
    );
  }
  // §3.2: of a file that ends among them, those that are there are judged.
  const said = bytes.subarray(MAGIC.length, MAGIC.length + VERSION_AND_FLAGS.length);
  if (!said.every((byte, at) => byte === VERSION_AND_FLAGS[at])) {
    throw new WeightsealError(
      'UNSUPPORTED_VERSION',
      `The file has version and flags ${Buffer.from(said).toString('hex')}; this release reads ${Buffer.from(VERSION_AND_FLAGS).toString('hex')}: format version ${VERSION}, no flags. Update weightseal.`,
    );
  }
  if (bytes.length < PREAMBLE_LENGTH) throw cut();
  const fields = view(bytes);
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

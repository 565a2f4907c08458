import { timingSafeEqual } from '../common/crypto.js';
import { publicRandom } from '../common/public-random.js';
import { WeightsealError } from '../errors.js';
import { concat, u32, u64, utf8, view } from './bytes.js';
import { kdf } from './kdf.js';
import { FLOE_HEADER, MAX_SEGMENT, MIN_SEGMENT } from './sizes.js';

// FLOE, c2sp.org/FLOE; FORMAT.md §9.2 and §9.3.
const PARAMETERS_LENGTH = 10;
const IV_LENGTH = 32;
const HEADER_TAG_LENGTH = 32;
const MESSAGE_KEY_LENGTH = 48;
/** AEAD_ROTATION_MASK of AES-GCM-256: one AEAD key encrypts 2^20 segments. */
const ROTATION_BITS = 20;

function encodeParameters(segmentLength: number): Uint8Array {
  return concat(Uint8Array.of(0, 0), u32(segmentLength), u32(IV_LENGTH));
}

/** FLOE's State: derives the key of each segment, and zeroes whatever it derived when it is disposed of. */
export class FloeMessage {
  readonly segmentLength: number;
  readonly #prefix: Uint8Array;
  readonly #aad: Uint8Array;
  readonly #messageKey: Uint8Array;
  readonly #rotationBits: number;
  readonly #segmentKeys = new Map<number, SharedArrayBuffer>();
  #disposed = false;

  constructor(key: Uint8Array, prefix: Uint8Array, aad: Uint8Array, rotationBits: number) {
    this.segmentLength = view(prefix).getUint32(2);
    this.#prefix = prefix;
    this.#aad = aad;
    this.#rotationBits = rotationBits;
    this.#messageKey = kdf(key, concat(prefix, utf8('MESSAGE_KEY:'), aad), MESSAGE_KEY_LENGTH);
  }

  /** DERIVE_KEY: the 32-byte AEAD key of a segment, in memory that workers share, so that zeroing it reaches them. */
  segmentKey(position: number): SharedArrayBuffer {
    // A key derived from the zeroes that are left would be known to everybody.
    if (this.#disposed)
      throw new WeightsealError('INVALID_ARGUMENT', 'The sealed file has been closed; open it again.');
    const step = 2 ** this.#rotationBits;
    const masked = position - (position % step);
    const cached = this.#segmentKeys.get(masked);
    if (cached) return cached;
    const key = kdf(this.#messageKey, concat(this.#prefix, utf8('DEK:'), u64(masked), this.#aad), 32);
    const shared = new SharedArrayBuffer(key.length);
    new Uint8Array(shared).set(key);
    key.fill(0);
    this.#segmentKeys.set(masked, shared);
    return shared;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#messageKey.fill(0);
    for (const key of this.#segmentKeys.values()) new Uint8Array(key).fill(0);
    this.#segmentKeys.clear();
  }
}

function headerTag(key: Uint8Array, prefix: Uint8Array, aad: Uint8Array): Uint8Array {
  return kdf(key, concat(prefix, utf8('HEADER_TAG:'), aad), HEADER_TAG_LENGTH);
}

/** startEncryption: the state and the 74-byte header of a new message. `iv` is for test vectors only. */
export function startEncryption(
  key: Uint8Array,
  aad: Uint8Array,
  segmentLength: number,
  iv: Uint8Array = publicRandom(IV_LENGTH),
): { header: Uint8Array<ArrayBuffer>; message: FloeMessage } {
  const prefix = concat(encodeParameters(segmentLength), iv);
  const header = concat(prefix, headerTag(key, prefix, aad));
  return { header, message: new FloeMessage(key, prefix, aad, ROTATION_BITS) };
}

/** Whether these are 74 bytes that a header of version 1 can be; its tag is not looked at. */
export function isFloeHeader(header: Uint8Array): boolean {
  const length = header.length === FLOE_HEADER ? view(header).getUint32(2) : 0;
  const expected = encodeParameters(length);
  return length >= MIN_SEGMENT && length <= MAX_SEGMENT && expected.every((byte, at) => header[at] === byte);
}

/** The segment length that a header states, checked before anything of that size is allocated. */
export function parseSegmentLength(header: Uint8Array): number {
  if (isFloeHeader(header)) return view(header).getUint32(2);
  throw new WeightsealError(
    'PAYLOAD_HEADER_INVALID',
    `The payload's header is not one of version 1 with segments of ${MIN_SEGMENT} to ${MAX_SEGMENT} bytes; get a sound copy of the file.`,
  );
}

/**
 * startDecryption: verifies the header's tag in constant time. `rotationBits` is for test vectors only.
 *
 * @throws PAYLOAD_HEADER_INVALID, PAYLOAD_HEADER_TAMPERED
 */
export function startDecryption(
  key: Uint8Array,
  aad: Uint8Array,
  header: Uint8Array,
  rotationBits: number = ROTATION_BITS,
): FloeMessage {
  parseSegmentLength(header);
  const prefix = header.slice(0, PARAMETERS_LENGTH + IV_LENGTH);
  if (!timingSafeEqual(headerTag(key, prefix, aad), header.subarray(prefix.length))) {
    throw new WeightsealError(
      'PAYLOAD_HEADER_TAMPERED',
      "The payload's header is not the one that was sealed; the payload was changed or is another file's. Get a sound copy.",
    );
  }
  return new FloeMessage(key, prefix, aad, rotationBits);
}

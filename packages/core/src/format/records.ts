import { concat } from './bytes.js';
import { label } from './kdf.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfPlaintext } from './sizes.js';

// What a member table says of a file in bytes: FORMAT.md §20. All of them in one piece of memory that threads share, so that a task carries none of
// it, and zeroing it reaches all.
const KEY = 0;
const ID = KEY + 32;
const HEADER = ID + 16;
const DIGEST = HEADER + FLOE_HEADER;
const SEALED = DIGEST + 32;
const LENGTH = SEALED + 32;

/** The parts of one record, each a view of the shared memory. */
export interface MemberRecord {
  /** The payload's own key; 32 bytes. */
  readonly key: Uint8Array;
  /** The payload's random id; 16 bytes. */
  readonly id: Uint8Array;
  /** The payload's FLOE header. */
  readonly header: Uint8Array;
  /** SHA-256 of the plaintext. */
  readonly digest: Uint8Array;
  /** SHA-256 of the payload as it lies there. */
  readonly sealedDigest: Uint8Array;
}

export function recordMemory(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * LENGTH);
}

export function recordAt(memory: SharedArrayBuffer, index: number): MemberRecord {
  const at = index * LENGTH;
  return {
    key: new Uint8Array(memory, at + KEY, 32),
    id: new Uint8Array(memory, at + ID, 16),
    header: new Uint8Array(memory, at + HEADER, FLOE_HEADER),
    digest: new Uint8Array(memory, at + DIGEST, 32),
    sealedDigest: new Uint8Array(memory, at + SEALED, 32),
  };
}

/** The associated data of a payload, which says nothing of names: FORMAT.md §21.2. */
export function memberAad(id: Uint8Array): Uint8Array {
  return concat(label('member'), id);
}

/** Bytes of the payload of so much plaintext: FORMAT.md §21.3. */
export function payloadSize(size: number, segmentLength: number): number {
  return FLOE_HEADER + size + OVERHEAD * segmentsOfPlaintext(size, segmentLength).count;
}

import { randomFillSync } from '../common/crypto.js';
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

/** A record of the shared memory; each of its parts is a view that is made when it is asked for. */
export function recordAt(memory: SharedArrayBuffer, index: number): MemberRecord {
  return new RecordView(memory, index * LENGTH);
}

class RecordView implements MemberRecord {
  readonly #memory: SharedArrayBuffer;
  readonly #at: number;

  constructor(memory: SharedArrayBuffer, at: number) {
    this.#memory = memory;
    this.#at = at;
  }

  get key(): Uint8Array {
    return new Uint8Array(this.#memory, this.#at + KEY, 32);
  }

  get id(): Uint8Array {
    return new Uint8Array(this.#memory, this.#at + ID, 16);
  }

  get header(): Uint8Array {
    return new Uint8Array(this.#memory, this.#at + HEADER, FLOE_HEADER);
  }

  get digest(): Uint8Array {
    return new Uint8Array(this.#memory, this.#at + DIGEST, 32);
  }

  get sealedDigest(): Uint8Array {
    return new Uint8Array(this.#memory, this.#at + SEALED, 32);
  }
}

/** A record by itself, with its views made once: for who fills it again and again. */
export interface LooseRecord extends MemberRecord {
  readonly bytes: Uint8Array;
}

export function looseRecord(): LooseRecord {
  const memory = recordMemory(1);
  const { key, id, header, digest, sealedDigest } = recordAt(memory, 0);
  return { key, id, header, digest, sealedDigest, bytes: new Uint8Array(memory) };
}

/** Puts one of them where records are kept. */
export function putRecord(memory: Uint8Array, index: number, { bytes }: LooseRecord): void {
  memory.set(bytes, index * LENGTH);
}

/** Records of payloads to come, each with a key and an id of its own. The rest of each is random too, until it is known. */
export function freshRecords(count: number): SharedArrayBuffer {
  const memory = recordMemory(count);
  randomFillSync(new Uint8Array(memory));
  return memory;
}

/** The associated data of a payload, which says nothing of names: FORMAT.md §21.2. */
export function memberAad(id: Uint8Array): Uint8Array {
  return concat(label('member'), id);
}

/** Bytes of the payload of so much plaintext: FORMAT.md §21.3. */
export function payloadSize(size: number, segmentLength: number): number {
  return FLOE_HEADER + size + OVERHEAD * segmentsOfPlaintext(size, segmentLength).count;
}

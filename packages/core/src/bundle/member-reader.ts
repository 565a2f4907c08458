import { invalidArgument } from '../common/arguments.js';
import { timingSafeEqual } from '../common/crypto.js';
import { digestWhile } from '../engine/copy.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { PlaintextReader, type StreamOptions } from '../file/plaintext-reader.js';
import { shown } from '../format/path.js';
import { recordAt } from '../format/records.js';
import type { ByteSource } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';
import type { Entry } from './entry.js';
import { memberTampered } from './member-error.js';
import { type MemberPayload, openPayload } from './member-payload.js';
import type { StoredMembers } from './storage.js';

/** One file of a bundle, open for reading anywhere in it: a byte source of its plaintext. Closed with the bundle, or before. */
export interface MemberReader extends ByteSource, AsyncDisposable {
  read(
    offset: number,
    length: number,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>>;
  stream(options?: StreamOptions): ReadableStream<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Told when a reader is closed: whoever has a bundle open for months need not keep all that it has read. */
type Ended = (reader: MemberReader) => void;

class SealedMember extends PlaintextReader {
  readonly #ended: Ended;

  constructor(payload: MemberPayload, ended: Ended) {
    super(payload);
    this.#ended = ended;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#ended(this);
  }
}

/** A public member, which was read and authenticated whole. */
export class PublicReader implements MemberReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #ended: Ended;

  constructor(bytes: Uint8Array<ArrayBuffer>, ended: Ended) {
    this.#bytes = bytes;
    this.#ended = ended;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(
    offset: number,
    length: number,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve) => {
      throwIfAborted(options.signal);
      resolve(this.#slice(offset, offset + length));
    });
  }

  stream({ start = 0, end = this.size }: StreamOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#slice(start, end);
    return new ReadableStream({
      pull(controller) {
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }

  #slice(start: number, end: number): Uint8Array<ArrayBuffer> {
    const sound =
      [start, end].every((at) => Number.isSafeInteger(at) && at >= 0) && start <= end && end <= this.size;
    if (!sound)
      throw invalidArgument(`Bytes ${start} to ${end} are not all within the ${this.size} that there are.`);
    return this.#bytes.slice(start, end);
  }

  async close(): Promise<void> {
    this.#ended(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** @throws MEMBER_MISSING, MEMBER_TAMPERED, IO_ERROR */
export async function openSealed(
  entry: Entry,
  stored: StoredMembers,
  signal: AbortSignal,
  ended: Ended,
): Promise<MemberReader> {
  return new SealedMember(await openPayload(entry, stored, signal, readsOf(entry, stored)), ended);
}

function readsOf(entry: Entry, { storage, records }: StoredMembers): ReadOptions | undefined {
  return storage.atOnce([entry], records, 1, true).reads;
}

/** Nothing authenticates a part of a public member: all of it is read, and parts come from memory. @throws like `openSealed` */
export async function openPublic(
  entry: Entry,
  stored: StoredMembers,
  signal: AbortSignal,
  ended: Ended,
): Promise<MemberReader> {
  await using source = await stored.storage.openMember(entry.path, entry.size, signal);
  const bytes = memoryFor(entry);
  const take = async (part: Uint8Array, at: number): Promise<void> => bytes.set(part, at);
  const digest = await digestWhile(source, signal, take, readsOf(entry, stored));
  if (timingSafeEqual(digest, recordAt(stored.records, entry.record).digest))
    return new PublicReader(bytes, ended);
  throw memberTampered(entry.path, 'its bytes have another digest than was sealed');
}

/** Of the size of a file that is there, which may be sparse. @throws MEMORY_LIMIT */
function memoryFor({ path, size }: Entry): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new WeightsealError(
      'MEMORY_LIMIT',
      `${shown(path)} has ${size} bytes, and nothing authenticates a part of a public member: to read from it takes all of it in memory. Open it into a directory, or seal it.`,
      { cause },
    );
  }
}

import type { Body } from '../engine/diagnose.js';
import { Payload } from '../file/payload.js';
import { startDecryption } from '../format/floe.js';
import { memberAad, payloadSize, recordAt } from '../format/records.js';
import { FLOE_HEADER, segmentsOfBody } from '../format/sizes.js';
import { type ByteSource, loadRange, readExactly } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';
import { hasStretches, type Stretch, type StretchSource } from '../io/stretch.js';
import { untilAborted } from '../keys/until-aborted.js';
import { type Entry, fileOf } from './entry.js';
import { memberTampered, openError } from './member-error.js';
import type { StoredMembers } from './storage.js';

/** A sealed member's payload, with its key, until it is disposed of. */
export class MemberPayload extends Payload implements AsyncDisposable {
  readonly #file: AsyncDisposable;
  readonly #name: string;

  constructor(body: Body, file: AsyncDisposable, name: string, reads: ReadOptions | undefined) {
    super(body, reads);
    this.#file = file;
    this.#name = name;
  }

  /** FORMAT.md §21.4. */
  override async explain(error: unknown, given?: number, signal?: AbortSignal): Promise<Error> {
    return openError(await super.explain(error, given, signal), this.#name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.body.message[Symbol.dispose]();
    await this.#file[Symbol.asyncDispose]();
  }
}

/** The bytes that the file of a member must have: FORMAT.md §21.3. */
export function fileSizeOf({ kind, size, record }: Entry, records: SharedArrayBuffer): number {
  return kind === 'public' ? size : payloadSize(size, segmentLengthOf(recordAt(records, record).header));
}

export function segmentLengthOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(2);
}

/** FORMAT.md §21.4: the payload that the table names, by its length, its header, and its key. Its size is authentic, so it cannot be cut. */
export async function openPayload(
  entry: Entry,
  { storage, records }: StoredMembers,
  signal?: AbortSignal,
  reads?: ReadOptions,
): Promise<MemberPayload> {
  const { key, id, header } = recordAt(records, entry.record);
  const file = fileOf(entry);
  const stored = await storage.openMember(file, fileSizeOf(entry, records), signal);
  try {
    const source = reads ? new HeadedSource(stored, header, file) : stored;
    if (!reads) checkHeader(await readExactly(stored, 0, FLOE_HEADER, signal), header, file);
    const segments = segmentsOfBody(stored.size - FLOE_HEADER, segmentLengthOf(header));
    const message = startDecryption(key, memberAad(id), header.slice());
    return new MemberPayload({ source, offset: FLOE_HEADER, message, segments }, stored, file, reads);
  } catch (error) {
    await stored[Symbol.asyncDispose]();
    throw openError(error, file);
  }
}

function checkHeader(found: Uint8Array, header: Uint8Array, file: string): void {
  if (Buffer.compare(found, header) !== 0)
    throw memberTampered(file, 'it begins with the header of another payload');
}

/** A payload that takes a round trip to look at: its header is asked for with the first of its segments, and none of them is given out before that is the one that it must be. */
class HeadedSource implements StretchSource {
  readonly #source: ByteSource;
  readonly #header: Uint8Array;
  readonly #file: string;
  #checked: Promise<void> | undefined;

  constructor(source: ByteSource, header: Uint8Array, file: string) {
    this.#source = source;
    this.#header = header;
    this.#file = file;
  }

  get size(): number {
    return this.#source.size;
  }

  async read(
    offset: number,
    length: number,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array> {
    return await both(this.#source.read(offset, length, options), this.#check(options.signal));
  }

  async readInto(out: Uint8Array, offset: number, signal?: AbortSignal): Promise<void> {
    await both(loadRange(this.#source, offset, out, signal), this.#check(signal));
  }

  get stretchBytes(): number | undefined {
    return hasStretches(this.#source) ? this.#source.stretchBytes : undefined;
  }

  /** Its header is read before, not meanwhile: what stretches wait for must not be another request. */
  stretch(offset: number, length: number): Stretch {
    const inner = (this.#source as StretchSource).stretch(offset, length);
    return {
      readInto: async (out, signal) => {
        await this.#check(signal);
        await inner.readInto(out, signal);
      },
      close: (signal) => inner.close(signal),
    };
  }

  /** For all reads, so that none of them can end it, but only its own wait; what failed on its way is tried again by the next. */
  #check(signal: AbortSignal | undefined): Promise<void> {
    return untilAborted(signal, () => this.#checked ?? this.#readHeader());
  }

  #readHeader(): Promise<void> {
    const checking = readExactly(this.#source, 0, FLOE_HEADER, undefined).then((found) =>
      checkHeader(found, this.#header, this.#file),
    );
    checking.catch(() => {
      if (this.#checked === checking) this.#checked = undefined;
    });
    this.#checked = checking;
    return checking;
  }
}

/** Also where one of them fails nothing is under way afterwards that writes into somebody's memory. */
async function both<T>(read: Promise<T>, checked: Promise<void>): Promise<T> {
  await Promise.allSettled([read, checked]);
  await checked;
  return await read;
}

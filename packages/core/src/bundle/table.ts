import { createHash, randomFillSync } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import type { FloeMessage } from '../format/floe.js';
import { recordAt, recordMemory } from '../format/records.js';
import { decryptSegment, encryptSegment } from '../format/segment.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfBody } from '../format/sizes.js';
import { MAX_TABLE } from '../format/table-reference.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import { type Entry, isFile } from './entry.js';
import { encodeLine, LINE_FEED, MAX_LINE, parseLine, tableInvalid } from './line.js';
import { checkHeader, MAX_MEMBERS, TableRules } from './rules.js';

// FORMAT.md §20: the member table as a FLOE stream, segment by segment; no more than one of them, and a line, is in memory as plaintext.
const NONCE = 12;

/** The lines of a table, and the memory of their bytes. Holds the keys of all payloads until it is disposed of. */
export class Table implements Disposable {
  readonly entries: readonly Entry[];
  readonly records: SharedArrayBuffer;

  constructor(entries: readonly Entry[], records: SharedArrayBuffer) {
    this.entries = entries;
    this.records = records;
  }

  [Symbol.dispose](): void {
    new Uint8Array(this.records).fill(0);
  }
}

/** Gives out the sealed table piece by piece, header and all. Returns its digest and size. */
export async function writeTable(
  { entries, records }: Table,
  header: Uint8Array,
  message: FloeMessage,
  write: (bytes: Uint8Array, offset: number) => Promise<void>,
): Promise<{ size: number; digest: Uint8Array }> {
  const capacity = message.segmentLength - OVERHEAD;
  const buffer = new Uint8Array(capacity + MAX_LINE);
  const hash = createHash('sha256');
  let [filled, position, offset] = [0, 0, 0];
  const put = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await write(bytes, offset);
    offset += bytes.length;
  };
  const segment = async (length: number, final: boolean): Promise<void> => {
    const key = new Uint8Array(message.segmentKey(position));
    const nonce = randomFillSync(new Uint8Array(NONCE));
    const pieces = encryptSegment(key, position, final, nonce, buffer.subarray(0, length));
    position++;
    if (offset + length + OVERHEAD > MAX_TABLE)
      throw new WeightsealError(
        'BUNDLE_LIMIT',
        `The member table would have more than ${MAX_TABLE} bytes; seal parts of the directory.`,
      );
    for (const piece of pieces) await put(piece);
    buffer.copyWithin(0, length, filled);
    filled -= length;
  };
  try {
    await put(header);
    for (const entry of entries) {
      filled = encodeLine(entry, isFile(entry) ? recordAt(records, entry.record) : undefined, buffer, filled);
      // The last segment is not empty, unless the table is: what fills one exactly waits for more.
      while (filled > capacity) await segment(capacity, false);
    }
    await segment(filled, true);
  } finally {
    buffer.fill(0);
  }
  return { size: offset, digest: hash.digest() };
}

/**
 * Reads a sealed table. Whatever does not authenticate is TABLE_TAMPERED.
 *
 * @throws TABLE_TAMPERED, TABLE_INVALID, PATH_INVALID, LINK_INVALID, ABORTED
 */
export async function readTable(
  source: ByteSource,
  message: FloeMessage,
  digest: Uint8Array,
  header: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Table> {
  const hash = createHash('sha256').update(header);
  const lines = new Lines();
  const { segmentLength, count, finalLength } = segmentsOfBody(
    source.size - FLOE_HEADER,
    message.segmentLength,
  );
  try {
    if (finalLength < OVERHEAD) throw tableTampered('it has been cut short');
    for (let at = 0; at < count; at++) {
      const length = at === count - 1 ? finalLength : segmentLength;
      const segment = await readExactly(source, FLOE_HEADER + at * segmentLength, length, signal);
      hash.update(segment);
      const key = new Uint8Array(message.segmentKey(at));
      const plaintext = decryptSegment(key, at, at === count - 1, segment);
      if (!plaintext) throw tableTampered(`its segment ${at} does not authenticate`);
      try {
        lines.take(plaintext);
      } finally {
        plaintext.fill(0);
      }
    }
    if (Buffer.compare(hash.digest(), digest) !== 0)
      throw tableTampered('its digest is not the one in the envelope');
    return lines.end();
  } catch (error) {
    lines.wipe();
    throw error;
  }
}

/** Cuts plaintext into lines, and lines into members. */
class Lines {
  readonly #entries: Entry[] = [];
  readonly #rules = new TableRules();
  /** What is left of the last segment. */
  readonly #rest = new Uint8Array(MAX_LINE);
  #filled = 0;
  #files = 0;
  #records = recordMemory(1024);
  #room = 1024;

  take(plaintext: Uint8Array): void {
    for (let from = 0; from < plaintext.length; ) {
      const end = plaintext.indexOf(LINE_FEED, from);
      const part = plaintext.subarray(from, end < 0 ? plaintext.length : end);
      if (this.#filled + part.length >= MAX_LINE)
        throw tableInvalid(`a line has more than ${MAX_LINE} bytes`);
      if (end < 0) {
        this.#rest.set(part, this.#filled);
        this.#filled += part.length;
        return;
      }
      if (this.#filled === 0) this.#line(part);
      else {
        this.#rest.set(part, this.#filled);
        this.#line(this.#rest.subarray(0, this.#filled + part.length));
        this.#filled = 0;
      }
      from = end + 1;
    }
  }

  #line(line: Uint8Array): void {
    if (this.#entries.length === MAX_MEMBERS) throw tableInvalid(`it has more than ${MAX_MEMBERS} members`);
    if (this.#files === this.#room) this.#grow();
    const record = recordAt(this.#records, this.#files);
    const entry = parseLine(line, record, this.#files);
    checkHeader(entry, record);
    this.#rules.add(entry);
    this.#entries.push(entry);
    if (isFile(entry)) this.#files++;
  }

  #grow(): void {
    const old = new Uint8Array(this.#records);
    this.#room *= 2;
    this.#records = recordMemory(this.#room);
    new Uint8Array(this.#records).set(old);
    old.fill(0);
  }

  end(): Table {
    if (this.#filled > 0) throw tableInvalid('its last line has no end');
    this.#rules.end();
    this.#rest.fill(0);
    return new Table(this.#entries, this.#records);
  }

  wipe(): void {
    this.#rest.fill(0);
    new Uint8Array(this.#records).fill(0);
  }
}

export function tableTampered(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'TABLE_TAMPERED',
    `The member table (weightseal.table) is not the one that was sealed with this envelope: ${why}. Get a sound copy of the bundle, both files together.`,
    cause === undefined ? {} : { cause },
  );
}

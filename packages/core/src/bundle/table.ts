import { createHash } from '../common/crypto.js';
import { publicRandom } from '../common/public-random.js';
import { WeightsealError } from '../errors.js';
import type { FloeMessage } from '../format/floe.js';
import { MAX_MEMBERS } from '../format/path.js';
import { looseRecord, putRecord, recordAt, recordMemory } from '../format/records.js';
import { decryptSegment, encryptSegment, release } from '../format/segment.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfBody } from '../format/sizes.js';
import { MAX_TABLE } from '../format/table-reference.js';
import { type ByteSource, FileSource } from '../io/byte-source.js';
import { readAhead } from '../store/read-ahead.js';
import { type Entry, isFile } from './entry.js';
import { encodeLine, LINE_FEED, LineReader, MAX_LINE, tableInvalid } from './line.js';
import { checkHeader, TableRules } from './rules.js';

// FORMAT.md §20: the member table as a FLOE stream, segment by segment; no more than one of them, and a line, is in memory as plaintext.
const NONCE = 12;
/** How a table in a store is read. */
const REQUEST_BYTES = 2_097_152;
const REQUESTS = 8;
/** The line of a sealed file with a path of some 30 bytes: for as many there is room at once, and what a table claims has no part in it. */
const USUAL_LINE = 400;
/** The most records that there is room for before there are lines: a table says how long it is before any of it is known to be one. */
const ROOM = 131_072;

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
    const pieces = encryptSegment(key, position, final, publicRandom(NONCE), buffer.subarray(0, length));
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

/** FORMAT.md §12.5: what no reader takes must not be written. @throws what reading the table throws */
export async function proveTable(
  source: ByteSource,
  message: FloeMessage,
  digest: Uint8Array,
  header: Uint8Array,
  { entries }: Table,
): Promise<void> {
  using _empty = await readLines(source, message, digest, header, undefined, new Lines(0, entries));
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
  const room = Math.min(Math.ceil(source.size / USUAL_LINE), ROOM);
  const lines = new Lines(room, undefined);
  return await readLines(source, message, digest, header, signal, lines);
}

async function readLines(
  source: ByteSource,
  message: FloeMessage,
  digest: Uint8Array,
  header: Uint8Array,
  signal: AbortSignal | undefined,
  lines: Lines,
): Promise<Table> {
  const hash = createHash('sha256').update(header);
  const { segmentLength, count, finalLength } = segmentsOfBody(
    source.size - FLOE_HEADER,
    message.segmentLength,
  );
  try {
    if (finalLength < OVERHEAD) throw tableTampered('it has been cut short');
    let at = 0;
    for await (const segment of segmentsIn(source, segmentLength, signal)) {
      hash.update(segment);
      const key = new Uint8Array(message.segmentKey(at));
      const plaintext = decryptSegment(key, at, at === count - 1, segment);
      if (!plaintext) throw tableTampered(`its segment ${at} does not authenticate`);
      try {
        lines.take(plaintext);
      } finally {
        plaintext.fill(0);
        release(plaintext);
      }
      at++;
    }
    if (Buffer.compare(hash.digest(), digest) !== 0)
      throw tableTampered('its digest is not the one in the envelope');
    return lines.end();
  } catch (error) {
    lines.wipe();
    throw error;
  }
}

/** The segments of a body, each good until the next: one by one of a file, several requests ahead of elsewhere. */
async function* segmentsIn(
  source: ByteSource,
  segmentLength: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const isFile = source instanceof FileSource;
  const requestBytes = isFile ? segmentLength : Math.ceil(REQUEST_BYTES / segmentLength) * segmentLength;
  const reads = { concurrency: isFile ? 1 : REQUESTS, requestBytes };
  for await (const piece of readAhead(source, FLOE_HEADER, source.size, signal, reads)) {
    for (let at = 0; at < piece.length; at += segmentLength) yield piece.subarray(at, at + segmentLength);
    release(piece);
  }
}

/** Cuts plaintext into lines, and lines into members. */
class Lines {
  readonly #entries: Entry[] = [];
  readonly #rules: TableRules;
  readonly #expected: readonly Entry[] | undefined;
  /** What is left of the last segment. */
  readonly #rest = new Uint8Array(MAX_LINE);
  readonly #record = looseRecord();
  #filled = 0;
  #count = 0;
  #files = 0;
  #records: SharedArrayBuffer;
  #room: number;

  constructor(room: number, expected: readonly Entry[] | undefined) {
    this.#room = room;
    this.#records = recordMemory(room);
    this.#expected = expected;
    this.#rules = new TableRules(expected ?? this.#entries);
  }

  take(plaintext: Uint8Array): void {
    const reader = new LineReader(plaintext);
    for (let from = 0; from < plaintext.length; ) {
      const found = plaintext.indexOf(LINE_FEED, from);
      const end = found < 0 ? plaintext.length : found;
      if (this.#filled + end - from >= MAX_LINE) throw tableInvalid(`a line has more than ${MAX_LINE} bytes`);
      if (found >= 0 && this.#filled === 0) this.#line(reader, from, end);
      else {
        this.#rest.set(plaintext.subarray(from, end), this.#filled);
        this.#filled += end - from;
        if (found < 0) return;
        this.#line(new LineReader(this.#rest), 0, this.#filled);
        this.#filled = 0;
      }
      from = end + 1;
    }
  }

  #line(reader: LineReader, from: number, end: number): void {
    if (this.#count === MAX_MEMBERS) throw tableInvalid(`it has more than ${MAX_MEMBERS} members`);
    this.#record.bytes.fill(0);
    const entry = reader.read(from, end, this.#record, this.#files);
    checkHeader(entry, this.#record);
    this.#rules.add(entry);
    if (this.#expected) checkSame(entry, this.#expected[this.#count]);
    else this.#keep(entry);
    this.#count++;
    if (isFile(entry)) this.#files++;
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    if (!isFile(entry)) return;
    if (this.#files === this.#room) this.#grow();
    putRecord(new Uint8Array(this.#records), this.#files, this.#record);
  }

  #grow(): void {
    const old = new Uint8Array(this.#records);
    this.#room = Math.ceil(this.#room * 1.5);
    this.#records = recordMemory(this.#room);
    new Uint8Array(this.#records).set(old);
    old.fill(0);
  }

  end(): Table {
    if (this.#filled > 0) throw tableInvalid('its last line has no end');
    this.#rules.end();
    this.#wipeRest();
    return new Table(this.#entries, this.#records);
  }

  wipe(): void {
    this.#wipeRest();
    new Uint8Array(this.#records).fill(0);
  }

  #wipeRest(): void {
    this.#rest.fill(0);
    this.#record.bytes.fill(0);
  }
}

/** What was written is what was to be written. */
function checkSame(found: Entry, expected: Entry | undefined): void {
  for (const name of ['kind', 'path', 'size', 'executable', 'payload', 'target', 'record'] as const)
    if (found[name] !== expected?.[name]) throw tableInvalid('it is not what was to be written');
}

export function tableTampered(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'TABLE_TAMPERED',
    `The member table (weightseal.table) is not the one that was sealed with this envelope: ${why}. Get a sound copy of the bundle, both files together.`,
    cause === undefined ? {} : { cause },
  );
}

import { WeightsealError } from '../errors.js';
import { base64Length, decodeBase64, encodeBase64 } from '../format/base64-bytes.js';
import { parseCanonicalJson } from '../format/canonical-json.js';
import { pathProblem, SEALED_SUFFIX, shown } from '../format/path.js';
import type { MemberRecord } from '../format/records.js';
import type { Entry, MemberKind } from './entry.js';

// FORMAT.md §20: the lines of a member table, to the byte. Keys go from bytes to bytes, and there is only one spelling, so that nothing is parsed that would
// have to be compared with its encoding.

/** §20.1, with its line feed. */
export const MAX_LINE = 16_384;
export const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [ZERO, NINE] = [0x30, 0x39];

/** Writes the line at `at`, which has room for one. Returns where it ends. */
export function encodeLine(
  entry: Entry,
  record: MemberRecord | undefined,
  out: Uint8Array,
  at: number,
): number {
  const writer = new Writer(out, at);
  const { kind, path, size, target } = entry;
  if (!record) {
    const rest = kind === 'link' ? `,"target":${quoted(target!)}` : '';
    return writer.text(`{"kind":"${kind}","path":${quoted(path)}${rest}}\n`).at;
  }
  writer.text('{"digest":"').base64(record.digest).text('"');
  if (entry.executable) writer.text(',"executable":1');
  if (kind === 'sealed') {
    writer
      .text(`,"file":${quoted(entry.payload ?? `${path}${SEALED_SUFFIX}`)},"header":"`)
      .base64(record.header);
    writer.text('","id":"').base64(record.id).text('","key":"').base64(record.key).text('"');
  }
  writer.text(`,"kind":"${kind}","path":${quoted(path)}`);
  if (kind === 'sealed') writer.text(',"sealedDigest":"').base64(record.sealedDigest).text('"');
  return writer.text(`,"size":${size}}\n`).at;
}

/** A path may hold no control character and no backslash (§22.1): quotes are all that is escaped. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '\\"')}"`;
}

class Writer {
  at: number;
  readonly #out: Buffer;

  constructor(out: Uint8Array, at: number) {
    this.#out = Buffer.from(out.buffer, out.byteOffset, out.byteLength);
    this.at = at;
  }

  text(text: string): this {
    this.at += this.#out.write(text, this.at);
    return this;
  }

  base64(bytes: Uint8Array): this {
    this.at = encodeBase64(bytes, this.#out, this.at);
    return this;
  }
}

/** Reads one line, without its line feed. @throws like `LineReader.read` */
export function parseLine(line: Uint8Array, record: MemberRecord, index: number): Entry {
  return new LineReader(line).read(0, line.length, record, index);
}

function pathOnly(kind: MemberKind, path: string): Entry {
  return { kind, path, size: 0, executable: false, payload: undefined, target: undefined, record: -1 };
}

/** Reads the lines that stand in some bytes. */
export class LineReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end = 0;
  /** What is wrong with a path: told once the rest of the line is known to be right (§20.4). */
  #problem: WeightsealError | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * The line from `from` to its line feed at `end`, or to the end of the bytes. `record` is where the bytes of a file go.
   *
   * @throws TABLE_INVALID, PATH_INVALID
   */
  read(from: number, end: number, record: MemberRecord, index: number): Entry {
    this.#at = from;
    this.#end = end;
    const entry = this.#entry(record, index);
    if (this.#at !== end) throw tableInvalid('a line is not of the form of version 1');
    if (this.#problem) throw this.#problem;
    return entry;
  }

  #entry(record: MemberRecord, index: number): Entry {
    let entry: Entry;
    if (this.#skip('{"kind":"directory","path":')) entry = pathOnly('directory', this.#path());
    else if (this.#skip('{"kind":"link","path":')) {
      const path = this.#path();
      this.#expect(',"target":');
      entry = { ...pathOnly('link', path), target: this.#path() };
    } else entry = this.#file(record, index);
    this.#expect('}');
    return entry;
  }

  #file(record: MemberRecord, index: number): Entry {
    this.#expect('{"digest":"');
    this.#base64(record.digest);
    this.#expect('"');
    const executable = this.#skip(',"executable":1');
    const isPublic = this.#skip(',"kind":"public"');
    let file: string | undefined;
    if (!isPublic) {
      this.#expect(',"file":');
      file = this.#path();
      this.#expect(',"header":"');
      this.#base64(record.header);
      this.#expect('","id":"');
      this.#base64(record.id);
      this.#expect('","key":"');
      this.#base64(record.key);
      this.#expect('","kind":"sealed"');
    }
    this.#expect(',"path":');
    const path = this.#path();
    if (!isPublic) {
      this.#expect(',"sealedDigest":"');
      this.#base64(record.sealedDigest);
      this.#expect('"');
    }
    this.#expect(',"size":');
    return {
      kind: isPublic ? 'public' : 'sealed',
      path,
      size: this.#number(),
      executable,
      payload: file === undefined || isDefault(file, path) ? undefined : file,
      target: undefined,
      record: index,
    };
  }

  /** Whether this stands here; if so, it has been read. */
  #skip(text: string): boolean {
    const end = this.#at + text.length;
    for (let i = 0; i < text.length; i++) if (this.#bytes[this.#at + i] !== text.charCodeAt(i)) return false;
    this.#at = end;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw tableInvalid('a line is not of the form of version 1');
  }

  #base64(into: Uint8Array): void {
    if (!decodeBase64(this.#bytes, this.#at, into)) throw tableInvalid('a line holds what is not base64url');
    this.#at += base64Length(into.length);
  }

  #path(): string {
    this.#expect('"');
    const from = this.#at;
    while (this.#bytes[this.#at] !== QUOTE) {
      if (this.#at >= this.#end) throw tableInvalid('a line ends within a path');
      this.#at += this.#bytes[this.#at] === BACKSLASH ? 2 : 1;
    }
    const text = this.#bytes.toString('utf8', from, this.#at++);
    const path = text.includes('\\') ? text.replaceAll('\\"', '"') : text;
    const problem = pathProblem(path);
    // What is escaped otherwise has kept its backslash, and what is no UTF-8 has become U+FFFD.
    const odd = problem !== undefined || text.includes('\ufffd');
    if (odd && parseCanonicalJson(this.#bytes.subarray(from - 1, this.#at)) === undefined)
      throw tableInvalid('a path is not spelled as canonical JSON spells it');
    if (problem !== undefined) this.#problem ??= pathInvalid(path, problem);
    return path;
  }

  #number(): number {
    const from = this.#at;
    while (this.#bytes[this.#at]! >= ZERO && this.#bytes[this.#at]! <= NINE) this.#at++;
    const text = this.#bytes.toString('latin1', from, this.#at);
    const value = Number(text);
    if (text === '' || !Number.isSafeInteger(value) || String(value) !== text)
      throw tableInvalid('a size is no whole number below 2^53 in decimal');
    return value;
  }
}

/** Whether it is the path and `.sealed`. */
function isDefault(file: string, path: string): boolean {
  return (
    file.length === path.length + SEALED_SUFFIX.length &&
    file.startsWith(path) &&
    file.endsWith(SEALED_SUFFIX)
  );
}

/** FORMAT.md §20: only somebody who has had the data key can have written it. `reason` never repeats the table. */
export function tableInvalid(reason: string): WeightsealError {
  return new WeightsealError(
    'TABLE_INVALID',
    `The member table is authentic, and cannot be used: ${reason}. Whoever sealed the bundle did so with other software, or means ill; have it sealed again.`,
  );
}

export function pathInvalid(path: string, problem: string): WeightsealError {
  return new WeightsealError('PATH_INVALID', `A bundle cannot have a member ${shown(path)}: ${problem}.`);
}

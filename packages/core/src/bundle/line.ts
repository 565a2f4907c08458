import { WeightsealError } from '../errors.js';
import { base64Length, decodeBase64, encodeBase64 } from '../format/base64-bytes.js';
import { utf8 } from '../format/bytes.js';
import { parseCanonicalJson } from '../format/canonical-json.js';
import type { MemberRecord } from '../format/records.js';
import type { Entry, MemberKind } from './entry.js';
import { pathProblem, SEALED_SUFFIX } from './path.js';

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
  readonly #out: Uint8Array;

  constructor(out: Uint8Array, at: number) {
    this.#out = out;
    this.at = at;
  }

  text(text: string): this {
    const bytes = utf8(text);
    this.#out.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  base64(bytes: Uint8Array): this {
    this.at = encodeBase64(bytes, this.#out, this.at);
    return this;
  }
}

/**
 * Reads one line, without its line feed. `record` is where the bytes of a file go.
 *
 * @throws TABLE_INVALID, PATH_INVALID
 */
export function parseLine(line: Uint8Array, record: MemberRecord, index: number): Entry {
  const reader = new Reader(line);
  if (reader.skip('{"kind":"directory","path":'))
    return reader.end('}', pathOnly('directory', reader.path()));
  if (reader.skip('{"kind":"link","path":')) {
    const path = reader.path();
    reader.expect(',"target":');
    return reader.end('}', { ...pathOnly('link', path), target: reader.path() });
  }
  reader.expect('{"digest":"');
  reader.base64(record.digest);
  reader.expect('"');
  const executable = reader.skip(',"executable":1');
  if (reader.skip(',"kind":"public","path":')) {
    const path = reader.path();
    reader.expect(',"size":');
    const size = reader.number();
    return reader.end('}', {
      kind: 'public',
      path,
      size,
      executable,
      payload: undefined,
      target: undefined,
      record: index,
    });
  }
  reader.expect(',"file":');
  const file = reader.path();
  reader.expect(',"header":"');
  reader.base64(record.header);
  reader.expect('","id":"');
  reader.base64(record.id);
  reader.expect('","key":"');
  reader.base64(record.key);
  reader.expect('","kind":"sealed","path":');
  const path = reader.path();
  reader.expect(',"sealedDigest":"');
  reader.base64(record.sealedDigest);
  reader.expect('","size":');
  const size = reader.number();
  const payload = file === `${path}${SEALED_SUFFIX}` ? undefined : file;
  return reader.end('}', {
    kind: 'sealed',
    path,
    size,
    executable,
    payload,
    target: undefined,
    record: index,
  });
}

function pathOnly(kind: MemberKind, path: string): Entry {
  return { kind, path, size: 0, executable: false, payload: undefined, target: undefined, record: -1 };
}

class Reader {
  readonly #line: Buffer;
  #at = 0;
  /** What is wrong with a path: told once the rest of the line is known to be right (§20.4). */
  #problem: WeightsealError | undefined;

  constructor(line: Uint8Array) {
    this.#line = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  }

  /** Whether this stands here; if so, it has been read. */
  skip(text: string): boolean {
    const end = this.#at + text.length;
    for (let i = 0; i < text.length; i++) if (this.#line[this.#at + i] !== text.charCodeAt(i)) return false;
    this.#at = end;
    return true;
  }

  expect(text: string): void {
    if (!this.skip(text)) throw tableInvalid('a line is not of the form of version 1');
  }

  base64(into: Uint8Array): void {
    if (!decodeBase64(this.#line, this.#at, into)) throw tableInvalid('a line holds what is not base64url');
    this.#at += base64Length(into.length);
  }

  path(): string {
    this.expect('"');
    const from = this.#at;
    while (this.#line[this.#at] !== QUOTE) {
      if (this.#at >= this.#line.length) throw tableInvalid('a line ends within a path');
      this.#at += this.#line[this.#at] === BACKSLASH ? 2 : 1;
    }
    const text = this.#line.toString('utf8', from, this.#at++);
    const path = text.replaceAll('\\"', '"');
    const problem = pathProblem(path);
    // What is escaped otherwise has kept its backslash, and what is no UTF-8 has become U+FFFD.
    const odd = problem !== undefined || text.includes('\ufffd');
    if (odd && parseCanonicalJson(this.#line.subarray(from - 1, this.#at)) === undefined)
      throw tableInvalid('a path is not spelled as canonical JSON spells it');
    if (problem !== undefined) this.#problem ??= pathInvalid(path, problem);
    return path;
  }

  number(): number {
    const from = this.#at;
    while (this.#line[this.#at]! >= ZERO && this.#line[this.#at]! <= NINE) this.#at++;
    const text = this.#line.toString('latin1', from, this.#at);
    const value = Number(text);
    if (text === '' || !Number.isSafeInteger(value) || String(value) !== text)
      throw tableInvalid('a size is no whole number below 2^53 in decimal');
    return value;
  }

  end(text: string, entry: Entry): Entry {
    this.expect(text);
    if (this.#at !== this.#line.length) throw tableInvalid('a line is not of the form of version 1');
    if (this.#problem) throw this.#problem;
    return entry;
  }
}

/** FORMAT.md §20: only somebody who has had the data key can have written it. `reason` never repeats the table. */
export function tableInvalid(reason: string): WeightsealError {
  return new WeightsealError(
    'TABLE_INVALID',
    `The member table is authentic, and cannot be used: ${reason}. Whoever sealed the bundle did so with other software, or means ill; have it sealed again.`,
  );
}

/** The path in quotes, with what a terminal would act on escaped. */
export function shown(path: string): string {
  return JSON.stringify(path.slice(0, 300).toWellFormed()).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function pathInvalid(path: string, problem: string): WeightsealError {
  return new WeightsealError('PATH_INVALID', `A bundle cannot have a member ${shown(path)}: ${problem}.`);
}

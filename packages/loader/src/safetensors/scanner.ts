import { isUtf8 } from 'node:buffer';
import { invalid, quoted } from './invalid.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Reads JSON whose form the caller knows, one value after another. `JSON.parse` keeps the last of two members with one name, takes a
 * hundred million nested brackets, and rounds numbers; this refuses the first and the last, and nests no deeper than its caller.
 */
export class Scanner {
  readonly #bytes: Buffer;
  #at = 0;

  /** @throws SAFETENSORS_INVALID, like all methods */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    if (!isUtf8(bytes)) throw invalid('its header is not UTF-8');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** `member` must read the value, and may refuse the name. */
  object(member: (name: string) => void): void {
    const names = new Set<string>();
    this.#list('{', '}', () => {
      const name = this.string();
      if (names.has(name)) throw invalid(`its header names ${quoted(name)} twice`);
      names.add(name);
      this.#expect(COLON);
      member(name);
    });
  }

  /** `item` must read the item. */
  array(item: () => void): void {
    this.#list('[', ']', item);
  }

  string(): string {
    const start = this.#skipSpace();
    if (this.#bytes[start] !== QUOTE) throw this.#unexpected('a string');
    let end = start + 1;
    for (; this.#bytes[end] !== QUOTE; end++) {
      if (this.#bytes[end] === BACKSLASH) end++;
      if (end >= this.#bytes.length) throw this.#unexpected('a string that ends');
    }
    this.#at = end + 1;
    const text = parseString(this.#bytes.toString('utf8', start, this.#at));
    if (text?.isWellFormed()) return text;
    throw invalid(`its header has a string that is not JSON's, at byte ${start}`);
  }

  /** A whole number from 0 on, without sign, fraction or exponent. */
  integer(): number {
    const start = this.#skipSpace();
    let value = 0;
    for (let digit = this.#digit(); digit !== undefined; digit = this.#digit()) {
      value = value * 10 + digit;
      this.#at++;
      if (value > Number.MAX_SAFE_INTEGER) throw invalid('its header has a number of 2^53 or more');
    }
    const zeroBefore = this.#bytes[start] === ZERO && this.#at > start + 1;
    if (this.#at === start || zeroBefore) throw this.#unexpected('a whole number', start);
    return value;
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.#skipSpace() < this.#bytes.length) throw this.#unexpected('its end');
  }

  #list(open: string, close: string, item: () => void): void {
    const closing = close.charCodeAt(0);
    this.#expect(open.charCodeAt(0));
    if (this.#bytes[this.#skipSpace()] === closing) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const next = this.#bytes[this.#skipSpace()];
      if (next !== COMMA && next !== closing) throw this.#unexpected(`, or ${close}`);
      this.#at++;
      if (next === closing) return;
    }
  }

  #expect(character: number): void {
    if (this.#bytes[this.#skipSpace()] !== character) throw this.#unexpected(String.fromCharCode(character));
    this.#at++;
  }

  #digit(): number | undefined {
    const digit = (this.#bytes[this.#at] ?? 0) - ZERO;
    return digit >= 0 && digit <= 9 ? digit : undefined;
  }

  #skipSpace(): number {
    while (SPACES.has(this.#bytes[this.#at])) this.#at++;
    return this.#at;
  }

  #unexpected(wanted: string, at = this.#at): Error {
    return invalid(`its header should have ${wanted} at byte ${at}`);
  }
}

function parseString(token: string): string | undefined {
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}

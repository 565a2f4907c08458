import { isUtf8 } from 'node:buffer';
import { invalid, quoted } from './invalid.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const LITERALS: readonly string[] = ['null', 'true', 'false'];
/** Values within values, counted from the outermost braces: as deep as the reference implementation goes. */
const MAX_DEPTH = 127;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** What the JSON is, for messages. */
export interface Subject {
  /** The beginning of a clause. */
  readonly name: string;
  refuse(what: string): Error;
}

const HEADER: Subject = { name: 'its header', refuse: invalid };

/**
 * Reads JSON whose form the caller knows, one value after another. `JSON.parse` keeps the last of two members with one name, takes a
 * hundred million nested brackets, and rounds numbers; this refuses the first and the last, and nests no deeper than its caller.
 */
export class Scanner {
  readonly #bytes: Buffer;
  readonly #subject: Subject;
  #at = 0;
  #depth = 0;

  /** @throws SAFETENSORS_INVALID, like all methods */
  constructor(bytes: Uint8Array<ArrayBuffer>, subject: Subject = HEADER) {
    this.#subject = subject;
    if (!isUtf8(bytes)) throw this.#refused('is not UTF-8');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** `member` must read the value, and may refuse the name. Only names that mean nothing may occur twice. */
  object(member: (name: string) => void, means: (name: string) => boolean = () => true): void {
    const names = new Set<string>();
    this.#list('{', '}', () => {
      const name = this.string();
      if (names.has(name)) throw this.#refused(`names ${quoted(name)} twice`);
      if (means(name)) names.add(name);
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
    throw this.#refused(`has a string that is not JSON's, at byte ${start}`);
  }

  /** A whole number from 0 on, without sign, fraction or exponent. */
  integer(): number {
    const start = this.#skipSpace();
    let value = 0;
    for (let digit = this.#digit(); digit !== undefined; digit = this.#digit()) {
      value = value * 10 + digit;
      this.#at++;
      if (value > Number.MAX_SAFE_INTEGER) throw this.#refused('has a number of 2^53 or more');
    }
    const zeroBefore = this.#bytes[start] === ZERO && this.#at > start + 1;
    if (this.#at === start || zeroBefore) throw this.#unexpected('a whole number', start);
    return value;
  }

  /** Whether the next value is null, which is read then. */
  null(): boolean {
    const start = this.#skipSpace();
    if (this.#bytes.toString('latin1', start, start + 4) !== 'null') return false;
    this.#at = start + 4;
    return true;
  }

  /** Whether the next value is an object. Nothing is read. */
  isObject(): boolean {
    return this.#bytes[this.#skipSpace()] === OPEN_BRACE;
  }

  /** Any value: the text of a string, a number or a boolean as they are written, undefined for what is none of these. */
  scalar(): string | undefined {
    const start = this.#skipSpace();
    const first = this.#bytes[start];
    if (first === QUOTE) return this.string();
    this.skip();
    const word = this.#bytes.toString('latin1', start, this.#at);
    return first === OPEN_BRACE || first === OPEN_BRACKET || word === 'null' ? undefined : word;
  }

  /** Any value, which must be JSON and means nothing: names in it may occur twice. */
  skip(): void {
    const first = this.#bytes[this.#skipSpace()];
    if (first === OPEN_BRACE) this.#list('{', '}', () => this.#skipMember());
    else if (first === OPEN_BRACKET) this.#list('[', ']', () => this.skip());
    else if (first === QUOTE) this.string();
    else this.#skipWord();
  }

  #skipMember(): void {
    this.string();
    this.#expect(COLON);
    this.skip();
  }

  #skipWord(): void {
    const start = this.#at;
    while (isOfWord(this.#bytes[this.#at])) this.#at++;
    const word = this.#bytes.toString('latin1', start, this.#at);
    const known = LITERALS.includes(word) || (NUMBER.test(word) && Number.isFinite(Number(word)));
    if (!known) throw this.#unexpected('a value', start);
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.#skipSpace() < this.#bytes.length) throw this.#unexpected('its end');
  }

  #list(open: string, close: string, item: () => void): void {
    const closing = close.charCodeAt(0);
    this.#expect(open.charCodeAt(0));
    if (++this.#depth > MAX_DEPTH) throw this.#refused(`nests deeper than ${MAX_DEPTH} values`);
    let next = this.#bytes[this.#skipSpace()] === closing ? closing : COMMA;
    if (next === closing) this.#at++;
    while (next !== closing) {
      item();
      next = this.#bytes[this.#skipSpace()] ?? 0;
      if (next !== COMMA && next !== closing) throw this.#unexpected(`, or ${close}`);
      this.#at++;
    }
    this.#depth--;
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
    return this.#refused(`should have ${wanted} at byte ${at}`);
  }

  #refused(what: string): Error {
    return this.#subject.refuse(`${this.#subject.name} ${what}`);
  }
}

/** A letter, a digit, or one of + - . */
function isOfWord(byte = 0): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x2b && byte <= 0x39 && byte !== COMMA && byte !== 0x2f)
  );
}

function parseString(token: string): string | undefined {
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}

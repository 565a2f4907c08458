// Reads and writes the key file byte by byte: a secret that once was a string could not be wiped.

const DIGITS = '0123456789abcdef';
const LINE_FEED = 0x0a;
const DATE_SHAPE = '0000-00-00T00:00:00Z';

export class LineReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (line: number) => Error;
  #line = 1;
  offset = 0;

  constructor(bytes: Uint8Array, fail: (line: number) => Error) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  fail(): Error {
    return this.#fail(this.#line);
  }

  get ended(): boolean {
    return this.offset === this.#bytes.length;
  }

  startsWith(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[this.offset + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  literal(text: string): void {
    if (!this.startsWith(text)) throw this.fail();
    this.offset += text.length;
  }

  lineEnd(): void {
    if (this.#bytes[this.offset] !== LINE_FEED) throw this.fail();
    this.offset++;
    this.#line++;
  }

  /** A decimal number from 1 up to `max`, without leading zeros. */
  number(max: number): number {
    let value = 0;
    for (let digit = this.#digit(10); digit !== undefined; digit = this.#digit(10)) {
      value = value * 10 + digit;
      if (value === 0 || value > max) throw this.fail();
    }
    if (value === 0) throw this.fail();
    return value;
  }

  /** Lower-case hex digits into `out`; fills all of it. */
  hexInto(out: Uint8Array): void {
    for (let i = 0; i < out.length; i++) {
      const high = this.#digit(16);
      const low = this.#digit(16);
      if (high === undefined || low === undefined) throw this.fail();
      out[i] = high * 16 + low;
    }
  }

  /** A time in UTC, to the second. Its bytes are known to be a date before they become a string. */
  date(): string {
    let text = '';
    for (const shape of DATE_SHAPE) {
      if (shape !== '0') this.literal(shape);
      const digit = shape === '0' ? this.#digit(10) : shape;
      if (digit === undefined) throw this.fail();
      text += digit;
    }
    if (!isTime(text)) throw this.fail();
    return text;
  }

  #digit(base: number): number | undefined {
    const byte = this.#bytes[this.offset] ?? 0;
    const value =
      byte >= 0x61 && byte <= 0x66 ? byte - 0x61 + 10 : byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : base;
    if (value >= base) return undefined;
    this.offset++;
    return value;
  }
}

export class LineWriter {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.alloc(capacity);
  }

  text(text: string): void {
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  hex(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#bytes[this.#length++] = DIGITS.charCodeAt(byte >> 4);
      this.#bytes[this.#length++] = DIGITS.charCodeAt(byte & 15);
    }
  }

  /** What has been written, not copied: wiping it wipes the writer. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Whether the digits are those of a time that there is. By hand: the first use of Date takes 5 ms to load the time zones. */
function isTime(text: string): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(
    Number,
  );
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
}

/** The key file's spelling of a time, given in milliseconds since 1970. */
export function toDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

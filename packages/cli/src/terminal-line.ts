// One line, typed on a terminal that shows nothing of it, as bytes: text that is not UTF-8 would become another one in a string.

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const CTRL_U = 0x15;
const ESCAPE = 0x1b;
const SPACE = 0x20;
const DELETE = 0x7f;

/** More than any passphrase; what is beyond it is no line that somebody typed. */
const MAX_LINE = 4096;

export type Typed = 'more' | 'line' | 'interrupt' | 'end' | 'too long';

/** What was typed so far. Takes byte by byte, so that nothing behind the end of the line is taken from whoever reads next. */
export class TerminalLine {
  readonly #bytes = new Uint8Array(new ArrayBuffer(MAX_LINE));
  #length = 0;
  /** Within a sequence of a key or of a paste: what it says is no text. */
  #escape: 'no' | 'begun' | 'parameters' = 'no';

  take(byte: number): Typed {
    if (this.#escape !== 'no') return this.#skip(byte);
    switch (byte) {
      case LINE_FEED:
      case CARRIAGE_RETURN:
        return 'line';
      case CTRL_C:
        return 'interrupt';
      case CTRL_D:
        return this.#length === 0 ? 'end' : 'more';
      case BACKSPACE:
      case DELETE:
        this.#erase();
        return 'more';
      case CTRL_U:
        this.wipe();
        return 'more';
      case ESCAPE:
        this.#escape = 'begun';
        return 'more';
    }
    if (byte < SPACE && byte !== 0x09) return 'more';
    if (this.#length === MAX_LINE) return 'too long';
    this.#bytes[this.#length++] = byte;
    return 'more';
  }

  /** A copy, which the caller wipes. */
  copy(): Buffer {
    return Buffer.from(Uint8Array.from(this.#bytes.subarray(0, this.#length)).buffer);
  }

  wipe(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
  }

  /** ECMA-48: ESC [ parameters and one letter or tilde (a pasted text stands between two of these), or ESC O and one, or ESC and one. */
  #skip(byte: number): Typed {
    const introduces = this.#escape === 'begun' && (byte === 0x5b || byte === 0x4f);
    const goesOn = this.#escape === 'parameters' && byte >= 0x20 && byte < 0x40;
    this.#escape = introduces || goesOn ? 'parameters' : 'no';
    return 'more';
  }

  /** The last character: in UTF-8 all bytes but the first begin with the bits 10. */
  #erase(): void {
    while (this.#length > 0) {
      const byte = this.#bytes[--this.#length]!;
      this.#bytes[this.#length] = 0;
      if ((byte & 0xc0) !== 0x80) return;
    }
  }
}

// ModelProto of onnx.proto3: Protocol Buffers have no magic, so its fields are read as far as they are there.

/** The fields of a ModelProto that have a length, and those that are a number. */
const WITH_LENGTH = [2, 3, 4, 6, 7, 8, 14, 20, 25];
const NUMBERS = [1, 5];
const GRAPH = 7;
const TEXTS = [2, 3, 4];
const [VARINT, DELIMITED] = [0, 2];
/** There are 13 so far. */
const MOST_IR_VERSION = 64;
const MOST_TEXT = 1024;

/** It begins with its version, all of it that can be seen are fields of a model, and it has a graph; that may come late in a file which says by its name what it is. */
export function isOnnx(bytes: Buffer, size: number, path: string): boolean {
  if (bytes[0] !== 0x08 || bytes[1]! < 1 || bytes[1]! > MOST_IR_VERSION) return false;
  const fields = new Fields(bytes);
  let count = 0;
  for (let at = fields.next(); at !== undefined; at = fields.next()) {
    count++;
    const end = at.from + at.length;
    if (!isField(at) || end > size) return false;
    if (at.field === GRAPH) return at.length > 0;
    // One that ends beyond what was read may be cut within a character.
    if (TEXTS.includes(at.field) && end <= bytes.length && !isText(bytes.subarray(at.from, end)))
      return false;
  }
  return count > 1 && /\.onnx$/i.test(path);
}

interface Field {
  readonly field: number;
  readonly wire: number;
  readonly from: number;
  readonly length: number;
}

function isField({ field, wire }: Field): boolean {
  return wire === DELIMITED ? WITH_LENGTH.includes(field) : wire === VARINT && NUMBERS.includes(field);
}

function isText(bytes: Buffer): boolean {
  return bytes.length <= MOST_TEXT && /^[^\p{Cc}\ufffd]*$/u.test(bytes.toString());
}

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Undefined where the bytes end. */
  next(): Field | undefined {
    const tag = this.#varint();
    const value = tag === undefined ? undefined : this.#varint();
    if (tag === undefined || value === undefined) return undefined;
    const wire = tag % 8;
    const found = {
      field: Math.floor(tag / 8),
      wire,
      from: this.#at,
      length: wire === DELIMITED ? value : 0,
    };
    this.#at += found.length;
    return found;
  }

  #varint(): number | undefined {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return undefined;
  }
}

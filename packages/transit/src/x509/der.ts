/** Tags of what is read here. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  identifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  explicit0: 0xa0,
} as const;

/** One element of DER: where it lies, and what it holds. */
export interface Element {
  readonly tag: number;
  /** With its tag and its length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/**
 * The elements that stand one behind the other. Lists have hundreds of thousands of them, for which a parser that makes an object of each takes minutes and gigabytes: this one walks over the bytes.
 *
 * @throws for what is no DER (X.690 §10.1: lengths are definite, and as short as can be)
 */
export function* elementsOf(bytes: Buffer): Generator<Element> {
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    // Tags of several bytes stand nowhere in a list.
    if ((tag & 0x1f) === 0x1f) throw new Error('a tag that has no place there');
    const { start, length } = lengthAt(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw new Error('an element that is longer than what holds it');
    yield { tag, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) };
    at = end;
  }
}

function lengthAt(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at];
  if (first === undefined) throw new Error('an element without its length');
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first & 0x7f;
  if (count < 1 || count > 4 || at + 1 + count > bytes.length)
    throw new Error('a length that cannot be read');
  const length = bytes.readUIntBE(at + 1, count);
  if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new Error('a length that is not the shortest');
  return { start: at + 1 + count, length };
}

/** The only element, of this tag. */
export function onlyElement(bytes: Buffer, tag: number): Element {
  const [one, ...more] = elementsOf(bytes);
  if (one?.tag !== tag || more.length > 0) throw new Error('something else than was to be there');
  return one;
}

export function sequenceOf(parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const digits: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const length = content.length < 0x80 ? [content.length] : [0x80 | digits.length, ...digits];
  return Buffer.concat([Buffer.from([TAG.sequence, ...length]), content]);
}

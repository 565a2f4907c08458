import { type Element, elementsOf, onlyElement, sequenceOf, TAG } from './der.js';

/** A list of revoked certificates, taken apart where it is long. */
export interface TakenApart {
  /** The list without its entries, as DER: what is short, and read by a parser that knows all of it. */
  readonly rest: Buffer;
  /** What the issuer has signed, as it is. */
  readonly signed: Buffer;
  /** Serial numbers, in hex. */
  readonly revoked: ReadonlySet<string>;
  /** An extension of an entry that says that the entry is not what it seems. */
  readonly unfit: string | undefined;
}

/** certificateIssuer (2.5.29.29, RFC 5280 §5.3.3): the entry, and those behind it, are of another issuer. */
const CERTIFICATE_ISSUER = Buffer.from([0x55, 0x1d, 0x1d]);

/** @throws for what is no list */
export function takeApart(der: Buffer): TakenApart {
  const [signed, ...behind] = elementsOf(onlyElement(der, TAG.sequence).content);
  if (signed?.tag !== TAG.sequence) throw new Error('a list without its body');
  const body = [...elementsOf(signed.content)];
  const at = entriesAt(body);
  const entries = at === undefined ? Buffer.alloc(0) : body[at]!.content;
  const short = sequenceOf(body.filter((_, index) => index !== at).map(({ whole }) => whole));
  return {
    rest: sequenceOf([short, ...behind.map(({ whole }) => whole)]),
    signed: signed.whole,
    ...readEntries(entries),
  };
}

/** Behind the times, which are the only ones of their tags (RFC 5280 §5.1). */
function entriesAt(body: readonly Element[]): number | undefined {
  const last = body.findLastIndex(({ tag }) => tag === TAG.utcTime || tag === TAG.generalizedTime);
  return last >= 0 && body[last + 1]?.tag === TAG.sequence ? last + 1 : undefined;
}

function readEntries(bytes: Buffer): Pick<TakenApart, 'revoked' | 'unfit'> {
  const revoked = new Set<string>();
  let unfit: string | undefined;
  for (const { tag, content } of elementsOf(bytes)) {
    const [serial, when, extensions, ...more] = elementsOf(content);
    const isTime = when?.tag === TAG.utcTime || when?.tag === TAG.generalizedTime;
    if (tag !== TAG.sequence || serial?.tag !== TAG.integer || !isTime || more.length > 0)
      throw new Error('an entry that is none');
    revoked.add(hex(serial.content));
    if (extensions) unfit ??= unfitIn(onlyElement(extensions.whole, TAG.sequence).content);
  }
  return { revoked, unfit };
}

function unfitIn(extensions: Buffer): string | undefined {
  for (const { content } of elementsOf(extensions)) {
    const [id, critical] = elementsOf(content);
    if (id?.tag !== TAG.identifier) throw new Error('an extension without its identifier');
    if (id.content.equals(CERTIFICATE_ISSUER)) return 'has an entry of another issuer';
    if (critical?.tag === TAG.boolean && critical.content.some((byte) => byte !== 0))
      return 'has an entry with a critical extension, which is not read here';
  }
  return undefined;
}

/** Zeros before a number, which some write, are no part of it. */
export function hex(serial: Uint8Array): string {
  return Buffer.from(serial.buffer, serial.byteOffset, serial.length)
    .toString('hex')
    .replace(/^(?:00)+(?=.)/, '');
}

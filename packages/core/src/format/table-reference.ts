import { fromBase64url, toBase64url } from './bytes.js';
import { hasExactly, isObject, type Json } from './canonical-json.js';
import { envelopeInvalid } from './envelope-invalid.js';
import { isFloeHeader } from './floe.js';
import { FLOE_HEADER, OVERHEAD } from './sizes.js';

/** FORMAT.md §18.4: the most bytes that a member table may have, sealed. */
export const MAX_TABLE = 1_073_741_824;
const DIGEST_LENGTH = 32;

/** What the envelope of a bundle says of the member table, so that the two cannot be mixed with others. */
export interface TableReference {
  /** Bytes of the sealed table. */
  readonly size: number;
  /** Its 74-byte FLOE header. */
  readonly header: Uint8Array;
  /** SHA-256 of the sealed table. */
  readonly digest: Uint8Array;
}

export function encodeTableReference({ size, header, digest }: TableReference): Json {
  return { digest: toBase64url(digest), header: toBase64url(header), size };
}

/** @throws ENVELOPE_INVALID */
export function parseTableReference(value: Json | undefined): TableReference {
  if (!isObject(value) || !hasExactly(value, ['digest', 'header', 'size']))
    throw envelopeInvalid('it does not say what its member table is');
  const { digest, header, size } = value;
  if (typeof size !== 'number' || size < FLOE_HEADER + OVERHEAD || size > MAX_TABLE)
    throw envelopeInvalid(`its member table does not have ${FLOE_HEADER + OVERHEAD} to ${MAX_TABLE} bytes`);
  const hash = bytesOf(digest);
  if (hash?.length !== DIGEST_LENGTH) throw envelopeInvalid('the digest of its member table is no SHA-256');
  const floe = bytesOf(header);
  if (!floe || !isFloeHeader(floe)) throw envelopeInvalid('the header of its member table is none of FLOE');
  return { size, header: floe, digest: hash };
}

function bytesOf(value: Json | undefined): Uint8Array | undefined {
  return typeof value === 'string' ? fromBase64url(value) : undefined;
}

import { createHash } from '../common/crypto.js';
import { concat, lengthPrefixed, u32 } from '../format/bytes.js';
import { type Context, encodeContext } from '../format/context.js';
import type { WrappedKey } from '../format/slot.js';

/**
 * Names an unwrap by all that its outcome depends on: two have the same name only if they ask the same key (by its number in a list), with
 * the same words, for the same bytes and context.
 *
 * @throws CONTEXT_INVALID
 */
export function unwrapId(key: number, wrapped: WrappedKey, context: Context): string {
  const { keyUri, keyVersion, algorithm, ciphertext } = wrapped;
  const words = [keyUri, keyVersion, algorithm].map(exactly);
  const parts = [u32(key), ...words, ciphertext, encodeContext(context)];
  return createHash('sha256')
    .update(concat(...parts.map(lengthPrefixed)))
    .digest('base64url');
}

/** UTF-16, in which no two strings are alike: UTF-8 has one and the same spelling for all lone surrogates. */
function exactly(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le');
}

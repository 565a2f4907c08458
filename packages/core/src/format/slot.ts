import { fromBase64url, hasControl, toBase64url, utf8 } from './bytes.js';
import { canonicalJson, hasExactly, isObject, type Json, parseCanonicalJson } from './canonical-json.js';
import { envelopeInvalid } from './envelope-invalid.js';

// FORMAT.md §6.1: the members of a slot document and how many bytes of UTF-8 each may have.
const LIMITS = { algorithm: 128, key: 2048, provider: 64, version: 1024, wrapped: 8192 } as const;
const NAMES = Object.keys(LIMITS) as readonly (keyof typeof LIMITS)[];
const MAX_WRAPPED = 6144;
/** A scheme of RFC 3986, in lower case. */
const PROVIDER = /^[a-z][a-z0-9+.-]*$/;

/** A data key as one recipient's key-encryption key wrapped it. */
export interface WrappedKey {
  /** The URI of the key that wrapped. It identifies and never carries credentials. */
  readonly keyUri: string;
  /** The exact version of that key, in the provider's own words; empty where it has none to tell. */
  readonly keyVersion: string;
  /** How it was wrapped, in the provider's own words, for example `AES-256-GCM` or `RSA-OAEP-256`. */
  readonly algorithm: string;
  /** At most 6144 bytes; only the provider reads them. */
  readonly ciphertext: Uint8Array;
}

/** One recipient's way to the data key. */
export interface KeySlot extends WrappedKey {
  readonly provider: string;
  /** The exact bytes of the slot document, which the envelope's MAC covers. */
  readonly bytes: Uint8Array;
}

/** @throws ENVELOPE_INVALID when a provider returned what a slot cannot hold */
export function makeSlot(provider: string, wrapped: WrappedKey): KeySlot {
  return parseSlot(
    canonicalJson({
      algorithm: wrapped.algorithm,
      key: wrapped.keyUri,
      provider,
      version: wrapped.keyVersion,
      wrapped: toBase64url(wrapped.ciphertext),
    }),
  );
}

/** @throws ENVELOPE_INVALID */
export function parseSlot(bytes: Uint8Array): KeySlot {
  const value = parseCanonicalJson(bytes);
  if (!isObject(value) || !hasExactly(value, NAMES))
    throw envelopeInvalid('a key slot is not of the form of version 1');
  for (const name of NAMES) checkText(name, value[name]);
  const text = value as Record<(typeof NAMES)[number], string>;
  if (!PROVIDER.test(text.provider)) throw envelopeInvalid("a key slot's provider is no scheme of a URI");
  if (!text.key.startsWith(`${text.provider}:`)) {
    throw envelopeInvalid("a key slot's URI is not one of its provider's");
  }
  const ciphertext = fromBase64url(text.wrapped);
  if (!ciphertext || ciphertext.length === 0 || ciphertext.length > MAX_WRAPPED) {
    throw envelopeInvalid('a wrapped key is empty, too long or not base64url');
  }
  const { provider, key: keyUri, version: keyVersion, algorithm } = text;
  return { provider, keyUri, keyVersion, algorithm, ciphertext, bytes };
}

function checkText(name: keyof typeof LIMITS, text: Json | undefined): void {
  if (typeof text !== 'string' || utf8(text).length > LIMITS[name] || hasControl(text)) {
    throw envelopeInvalid(`a key slot's ${name} is not text of at most ${LIMITS[name]} bytes`);
  }
}

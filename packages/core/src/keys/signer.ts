import type { KeyCallOptions } from './key-wrapper.js';

/**
 * The one interface of every key that signs, beside `KeyWrapper`: in a file, a cloud, an HSM. What it makes is verified with its public key alone (`verifySignature`), so nothing but that is known
 * of it elsewhere.
 *
 * Both calls keep a total deadline of their own, end early on the signal, and throw a WeightsealError: ABORTED, KEY_TIMEOUT, KEY_NOT_FOUND, KEY_DENIED, KEY_DISABLED, KEY_THROTTLED, KEY_UNAVAILABLE,
 * KEY_RESPONSE_INVALID, and SIGNING_KEY_UNFIT for a key that cannot sign, or is too weak (`signingAlgorithmOf`).
 */
export interface Signer {
  /** The provider's name, which is also the scheme of its URIs, for example `pem` or `aws-kms`. */
  readonly provider: string;
  /** The URI that names this key: what the caller configured. */
  readonly uri: string;
  /** What its user calls it, in a configuration for example. */
  readonly name?: string | undefined;
  /** The public key: DER of a SubjectPublicKeyInfo (RFC 5280 §4.1). Asked for once, and kept. */
  publicKey(options?: KeyCallOptions): Promise<Uint8Array>;
  /**
   * Signs the bytes by the one algorithm that its public key has here. They may be megabytes: what leaves the process is their digest.
   *
   * @returns as `SigningAlgorithm` says
   */
  sign(message: Uint8Array, options?: KeyCallOptions): Promise<Uint8Array>;
}

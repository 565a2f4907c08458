import { invalidArgument } from '../common/arguments.js';
import { createHash, createPublicKey } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { ownBytes } from '../format/bytes.js';
import { keptOnce } from './kept-once.js';
import type { KeyCallOptions } from './key-wrapper.js';
import type { Signer } from './signer.js';
import { hashOf, type SigningAlgorithm, signingAlgorithmOf, verifySignature } from './signing-key.js';
import { type Limits, within } from './within.js';

/** One version of a key, by its public key. */
export interface FoundKey<Version> {
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** What names it in the calls that follow: a key that turns over meanwhile signs with this version, or not at all. */
  readonly version: Version;
}

/** What is to be signed. */
export interface ToSign {
  readonly algorithm: SigningAlgorithm;
  /** As the caller gave it. Not to be changed. */
  readonly message: Uint8Array;
  /** Of the message, by the algorithm's hash; the message itself for Ed25519, which has none. */
  readonly digest: Uint8Array;
}

/** What providers do differently. What they throw has a code. */
export interface SigningCalls<Version> {
  readonly provider: string;
  readonly uri: string;
  limits(call: KeyCallOptions | undefined, doing: 'get the public key of' | 'sign with'): Limits;
  /** Once, unless it fails. */
  find(stop: AbortSignal): Promise<FoundKey<Version>>;
  /** @returns as `SigningAlgorithm` says, or anything else: it is verified */
  sign(version: Version, toSign: ToSign, stop: AbortSignal): Promise<Uint8Array>;
}

/** A signer whose public key is asked for once and checked, and whose signatures are verified with it before they are given out. */
export function makeSigner<Version>(calls: SigningCalls<Version>): Signer {
  const { provider, uri } = calls;
  const found = keptOnce(async (stop) => {
    const { publicKey, version } = await calls.find(stop);
    const algorithm = signingAlgorithmOf(publicKey);
    return { publicKey: inOneSpelling(publicKey), algorithm, version };
  });
  return {
    provider,
    uri,
    async publicKey(call) {
      const { publicKey } = await within(calls.limits(call, 'get the public key of'), found);
      return Uint8Array.from(publicKey);
    },
    async sign(message, call) {
      if (ownBytes(message) === undefined)
        throw invalidArgument('What is signed must be bytes (Uint8Array).');
      return within(calls.limits(call, 'sign with'), async (stop) => {
        const { publicKey, algorithm, version } = await found(stop);
        const hash = hashOf(algorithm);
        const digest = hash === undefined ? message : createHash(hash).update(message).digest();
        const signature = await calls.sign(version, { algorithm, message, digest }, stop);
        if (verifySignature(publicKey, message, signature)) return Uint8Array.from(signature);
        throw new WeightsealError(
          'KEY_RESPONSE_INVALID',
          `What ${uri} gave as a signature is none of its key, or the bytes changed meanwhile. Check which endpoint or module answers, and try again.`,
        );
      });
    },
  };
}

/** Of what a provider may spell otherwise: who knows a key knows it by the hash of this. */
function inOneSpelling(publicKey: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
}

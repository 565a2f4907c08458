import { createPrivateKey } from 'node:crypto';
import type { Found } from '../root/root.js';

// What no option has served: private keys, in the forms that people keep them in.

/** All of a file up to this is looked at, and of a longer one so much of its beginning. */
const MOST = 1_048_576;
const TEXT = /PRIVATE KEY|weightseal-key/;
/** A JWK (RFC 7517) has its private part under `d`, a symmetric one under `k`. */
const JWK = /"kty"\s*:\s*"/;
const JWK_SECRET = /"(?:d|k)"\s*:\s*"/;
const SEQUENCE = 0x30;
/** Of a key in DER: one of RSA with 16384 bits has less than 10 kB. */
const MOST_DER = 16_384;

/** Whether a plain file is, or holds, a private key: PEM anywhere in it, also in UTF-16, a JWK, DER (PKCS #8, also encrypted, PKCS #1, SEC 1), a key file of ours. */
export async function holdsPrivateKey(found: Found, signal: AbortSignal): Promise<boolean> {
  const bytes = Buffer.from(await found.source.read(0, Math.min(MOST, found.size), { signal }));
  // Without its zeroes, what is ASCII in UTF-16 is ASCII.
  const text = bytes.toString('latin1').replaceAll('\0', '');
  if (TEXT.test(text) || (JWK.test(text) && JWK_SECRET.test(text))) return true;
  return found.size <= MOST_DER && bytes[0] === SEQUENCE && isDer(bytes);
}

function isDer(key: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key, format: 'der', type, passphrase: '' });
      return true;
    } catch (error) {
      // Of one that is encrypted it is the passphrase that is wrong.
      return /BAD_DECRYPT|BAD_PASSWORD|MISSING_PASSPHRASE|INTERRUPTED_OR_CANCELLED/.test(
        String((error as NodeJS.ErrnoException).code),
      );
    }
  });
}

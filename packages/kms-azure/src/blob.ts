import { createHash, randomFillSync, timingSafeEqual } from 'node:crypto';
import { DATA_KEY_BYTES, secretBytes, WeightsealError } from '@weightseal/core';

export type AzureAlgorithm = 'RSA-OAEP-256' | 'A256GCM' | 'A256KW';

const DIGEST_BYTES = 32;
const SALT_BYTES = 16;
const PAYLOAD_BYTES: number = DATA_KEY_BYTES + DIGEST_BYTES + SALT_BYTES;
const LAYOUT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** RSA keys of 2048, 3072 and 4096 bits, which is all that Azure has. */
const RSA_BYTES: readonly number[] = [256, 384, 512];
/** RFC 3394: eight bytes more than what is wrapped. */
const KW_BYTES: number = PAYLOAD_BYTES + 8;
const CONTEXT_LABEL = 'weightseal/azure-kv/context/1\0';

/**
 * What a slot holds. The first byte is the layout, 1; the slot's `algorithm` says which of these follows it:
 *
 *     RSA-OAEP-256   ciphertext (256, 384 or 512)            of payload
 *     A256KW         ciphertext (88)                         of payload
 *     A256GCM        iv (12) || ciphertext (32) || tag (16)  of the data key, AAD = context
 *
 *     payload        data key (32) || SHA-256("weightseal/azure-kv/context/1" || 0x00 || context) (32) || salt (16)
 *     context        canonical JSON, as encodeContext gives it
 *
 * RSA-OAEP-256 and A256KW take no additional data. What they wrap cannot be changed without the key, so the digest inside
 * ties the context to the data key, and a wrong context is refused right here. It does not tell who wrapped, since
 * anybody may have an RSA public key; that is FORMAT.md §16.6. The salt is random: A256KW has no randomness of its own, and
 * would show that two slots hold the same data key.
 */
export type Body =
  | { readonly algorithm: 'RSA-OAEP-256' | 'A256KW'; readonly ciphertext: Uint8Array }
  | {
      readonly algorithm: 'A256GCM';
      readonly iv: Uint8Array;
      readonly ciphertext: Uint8Array;
      readonly tag: Uint8Array;
    };

/** The blob of a body; undefined where a part has a length that it cannot have. */
export function joinBlob(body: Body): Uint8Array | undefined {
  const parts = body.algorithm === 'A256GCM' ? [body.iv, body.ciphertext, body.tag] : [body.ciphertext];
  const blob = Uint8Array.from(Buffer.concat([Uint8Array.of(LAYOUT), ...parts]));
  const again = splitBlob(body.algorithm, blob);
  if (again?.algorithm !== 'A256GCM' || body.algorithm !== 'A256GCM') return again && blob;
  const fits = body.iv.length === IV_BYTES && body.tag.length === TAG_BYTES;
  return fits ? blob : undefined;
}

/** Takes a blob apart; undefined for what no wrap of ours looks like. */
export function splitBlob(algorithm: string, blob: Uint8Array): Body | undefined {
  if (blob[0] !== LAYOUT) return undefined;
  const rest = blob.subarray(1);
  if (algorithm === 'RSA-OAEP-256' && RSA_BYTES.includes(rest.length)) return { algorithm, ciphertext: rest };
  if (algorithm === 'A256KW' && rest.length === KW_BYTES) return { algorithm, ciphertext: rest };
  if (algorithm !== 'A256GCM' || rest.length !== IV_BYTES + DATA_KEY_BYTES + TAG_BYTES) return undefined;
  return {
    algorithm,
    iv: rest.subarray(0, IV_BYTES),
    ciphertext: rest.subarray(IV_BYTES, -TAG_BYTES),
    tag: rest.subarray(-TAG_BYTES),
  };
}

/** What RSA-OAEP-256 and A256KW wrap. The caller zeroes it. */
export function payloadOf(dataKey: Uint8Array, context: Uint8Array): Uint8Array {
  const payload = secretBytes(PAYLOAD_BYTES);
  payload.set(dataKey);
  payload.set(contextDigest(context), DATA_KEY_BYTES);
  randomFillSync(payload, DATA_KEY_BYTES + DIGEST_BYTES);
  return payload;
}

/**
 * The data key of an unwrapped payload, in memory of its own.
 *
 * @throws UNWRAP_REJECTED for another context, and for a payload that no wrap of ours has
 */
export function dataKeyOf(payload: Uint8Array, context: Uint8Array): Uint8Array {
  if (payload.length !== PAYLOAD_BYTES) throw rejected(FOREIGN);
  const digest = payload.subarray(DATA_KEY_BYTES, DATA_KEY_BYTES + DIGEST_BYTES);
  if (!timingSafeEqual(digest, contextDigest(context))) throw rejected(OTHER_CONTEXT);
  return owned(payload.subarray(0, DATA_KEY_BYTES));
}

/** A copy in memory that can be zeroed: what the SDK gives may lie in a pool. */
export function owned(bytes: Uint8Array): Uint8Array {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

export function rejected(message: string): WeightsealError {
  return new WeightsealError('UNWRAP_REJECTED', message);
}

function contextDigest(context: Uint8Array): Buffer {
  return createHash('sha256').update(CONTEXT_LABEL, 'latin1').update(context).digest();
}

export const FOREIGN = 'The wrapped key was not made by this provider for an Azure key, or is damaged.';
export const OTHER_KEY =
  'The wrapped key is of another vault or key than the one that was named, so it was not asked. Name the key that made it; one that was restored from a backup takes `formerUris`.';
const OTHER_CONTEXT =
  'The key unwraps it, and it was wrapped for another context. Check that the context is the one it was sealed with.';

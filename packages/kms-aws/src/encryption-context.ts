import { type Context, encodeContext } from '@weightseal/core';

// Taken this way, an `import` of it would evaluate all of WebCrypto: 4 ms.
const { createHash } = process.getBuiltinModule('node:crypto');

/** The one pair that is always there. */
export const BINDING = 'weightseal:context';

/**
 * KMS refuses an empty value (Invalid EncryptionContext, as users report; no page of AWS says so); names with `aws:` are those
 * that AWS's own services use and policies trust; ours must not be set by a caller; and a JavaScript object, which the SDK
 * builds, cannot hold `__proto__`.
 */
const reserved = /^(?:aws:|weightseal:|__proto__$)/i;

/**
 * What AWS KMS binds: the SHA-256 of the canonical context, which makes the binding exact whatever a pair may look like and
 * however a server joins pairs, and beside it every pair that KMS takes as it is, so that it shows in CloudTrail and can
 * be asked for in a policy (kms:EncryptionContext:<name>).
 *
 * This is part of what a file needs to open: a change of which pairs are sent makes older files unreadable. It depends on
 * nothing that differs between versions of Node, such as its Unicode tables. Canonical context and binding stay below
 * 4.2 KB; the XKS proxy API tells that KMS uses up to 8192 bytes.
 *
 * @throws CONTEXT_INVALID
 */
export function encryptionContext(context: Context): Record<string, string> {
  const canonical = encodeContext(context);
  const digest = createHash('sha256').update(canonical).digest('base64url');
  // Out of what was hashed: what is shown and what is bound are one reading of the context.
  const pairs = Object.entries(JSON.parse(Buffer.from(canonical).toString()) as Context);
  const shown = pairs.filter(([name, value]) => value !== '' && !reserved.test(name));
  return { ...Object.fromEntries(shown), [BINDING]: digest };
}

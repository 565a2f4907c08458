import type { WrappedKey } from '@weightseal/core';
import { dataOf, plaintextOf } from './answer.js';
import { type Asking, ask } from './ask.js';
import { encodeBase64 } from './base64.js';
import { invalidAnswer } from './errors.js';
import { ALGORITHM, dataKeyOf, payloadOf, versionIn } from './payload.js';

/**
 * `encrypt` makes the key if there is none and the policy has `create`, so that a misspelt name would seal under a key that nobody meant. To
 * make one it needs a type that it knows; of a key that exists it does not look at the type.
 */
const NEVER_CREATE = { type: 'none' } as const;

export async function wrapDataKey(
  asking: Asking,
  dataKey: Uint8Array,
  context: Uint8Array,
): Promise<WrappedKey> {
  const { key } = asking;
  const payload = payloadOf(dataKey, context);
  const base64 = encodeBase64(payload);
  const body = Buffer.concat([
    Buffer.from('{"plaintext":"'),
    base64,
    Buffer.from(`",${JSON.stringify({ ...bound(context), ...NEVER_CREATE }).slice(1)}`),
  ]);
  try {
    const { ciphertext, key_version: version } = dataOf(await ask(asking, 'encrypt', body), key);
    const keyVersion = typeof ciphertext === 'string' ? versionIn(ciphertext) : undefined;
    if (typeof ciphertext !== 'string' || keyVersion === undefined) {
      throw invalidAnswer(key, 'the answer holds no ciphertext of Transit');
    }
    if (version !== Number(keyVersion)) {
      throw invalidAnswer(key, 'the answer names another version than its ciphertext');
    }
    const wrapped = Uint8Array.from(Buffer.from(ciphertext, 'latin1'));
    return { keyUri: key.uri, keyVersion, algorithm: ALGORITHM, ciphertext: wrapped };
  } finally {
    for (const secret of [payload, base64, body]) secret.fill(0);
  }
}

export async function unwrapDataKey(
  asking: Asking,
  ciphertext: string,
  context: Uint8Array,
): Promise<Uint8Array> {
  const body = Buffer.from(JSON.stringify({ ciphertext, ...bound(context) }));
  const answer = await ask(asking, 'decrypt', body);
  let payload: Uint8Array | undefined;
  try {
    payload = plaintextOf(answer, asking.key);
    return dataKeyOf(payload, context);
  } finally {
    answer.fill(0);
    payload?.fill(0);
  }
}

/** Of a derived key Vault uses both, of any other the first alone. */
function bound(context: Uint8Array): { associated_data: string; context: string } {
  const base64 = Buffer.from(context).toString('base64');
  return { associated_data: base64, context: base64 };
}

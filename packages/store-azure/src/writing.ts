import { createHash } from 'node:crypto';
import type { ObjectWriteOptions, StoreCall, StoredObject, WriteCondition } from '@weightseal/core';
import { type Asked, failureOf } from './errors.js';
import { blobOf, type Place, storedObject } from './place.js';
import { fail } from './reading.js';

export const CONTENT_TYPE = 'application/octet-stream';

export function put(
  place: Place,
  key: string,
  bytes: Uint8Array,
  { condition }: ObjectWriteOptions,
  call: StoreCall,
): Promise<StoredObject> {
  const asked: Asked = { ...place.asked('write', key), condition };
  return place.ask(asked, call, async (clients) => {
    const md5 = md5Of(bytes);
    const written = await blobOf(clients, key).upload(bytes, bytes.length, {
      abortSignal: call.signal,
      conditions: conditionsOf(condition),
      blobHTTPHeaders: { blobContentType: CONTENT_TYPE, ...(md5 && { blobContentMD5: md5 }) },
      ...(md5 && { transactionalContentMD5: md5 }),
    });
    sameChecksum(written.contentMD5, md5, asked.where);
    return (
      storedObject(key, bytes.length, written) ?? fail(asked.where, 'does not say which version it is of')
    );
  });
}

export function remove(
  place: Place,
  key: string,
  version: string | undefined,
  call: StoreCall,
): Promise<void> {
  const asked = place.asked('remove', key);
  return place.ask(asked, call, async (clients) => {
    const conditions = version === undefined ? {} : { ifMatch: version };
    await blobOf(clients, key)
      .delete({ abortSignal: call.signal, conditions })
      .catch((error: unknown) => {
        if (failureOf(error).status !== 404) throw error;
      });
  });
}

export function conditionsOf(condition: WriteCondition | undefined): {
  readonly ifNoneMatch?: string;
  readonly ifMatch?: string;
} {
  if (condition === undefined) return {};
  return 'ifAbsent' in condition ? { ifNoneMatch: '*' } : { ifMatch: condition.ifVersion };
}

/** Azure compares it with what arrives. Undefined where the machine may have no MD5 (FIPS): then TLS alone guards the way. */
export function md5Of(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return createHash('md5').update(bytes).digest();
  } catch {
    return undefined;
  }
}

/** @throws STORE_RESPONSE_INVALID where the answer names a checksum of other bytes */
export function sameChecksum(
  answered: Uint8Array | undefined,
  sent: Uint8Array | undefined,
  where: string,
): void {
  if (answered && sent && Buffer.compare(answered, sent) !== 0)
    fail(where, 'has another checksum than was sent');
}

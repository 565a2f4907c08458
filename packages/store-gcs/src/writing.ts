import { randomUUID } from 'node:crypto';
import {
  type ObjectWriteOptions,
  type StoreCall,
  type StoredObject,
  WeightsealError,
  type WriteCondition,
} from '@weightseal/core';
import { emptied, jsonOf } from './ask.js';
import type { Asked } from './errors.js';
import { checksumOf, FIELDS, storedObject } from './metadata.js';
import { checkKey, type Place } from './place.js';

export const CONTENT_TYPE = 'application/octet-stream';

/** One request with the metadata, the checksum among them, and the bytes: https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object */
export async function put(
  place: Place,
  key: string,
  bytes: Uint8Array,
  { condition }: ObjectWriteOptions,
  call: StoreCall,
): Promise<StoredObject> {
  checkKey(key);
  const asked: Asked = { ...place.asked('write', key), condition };
  const boundary = `weightseal-${randomUUID()}`;
  const crc = checksumOf([bytes]);
  const metadata = JSON.stringify({ name: key, contentType: CONTENT_TYPE, crc32c: crc });
  const head = `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n--${boundary}\r\ncontent-type: ${CONTENT_TYPE}\r\n\r\n`;
  const body = [Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)];
  const headers = { 'content-type': `multipart/related; boundary=${boundary}` };
  const parameters = { uploadType: 'multipart', fields: FIELDS, ifGenerationMatch: generationOf(condition) };
  const url = place.uploadUrl(parameters);
  const answer = await place.ask({ method: 'POST', url, headers, body }, asked, call.signal, [200, 201]);
  const written = await jsonOf(answer, asked, call.signal);
  return checked(place, written, { asked, key, size: bytes.length, crc }, call);
}

/** What was written, once it has the checksum of what was sent. What has not is removed again. @throws STORE_RESPONSE_INVALID */
export async function checked(
  place: Place,
  written: Record<string, unknown>,
  sent: { readonly asked: Asked; readonly key: string; readonly size: number; readonly crc: string },
  call: StoreCall,
): Promise<StoredObject> {
  const { asked, key, size, crc } = sent;
  const object = storedObject(written, asked.where, key);
  if (object.size === size && written['crc32c'] === crc) return object;
  await remove(place, key, object.version, call).catch(() => {});
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `${asked.where} was written, and is not what was sent: its CRC32C checksum or its size does not fit. It was removed again; check proxies, and try again.`,
  );
}

export async function remove(
  place: Place,
  key: string,
  version: string | undefined,
  { signal }: StoreCall,
): Promise<void> {
  const asked: Asked = { ...place.asked('remove', key), pinned: version !== undefined };
  const url = place.objectUrl(key, { ifGenerationMatch: version });
  const answer = await place.ask({ method: 'DELETE', url }, asked, signal, [200, 204, 404]);
  await emptied(answer);
}

/** The generation 0 is that of an object which is not there. */
export function generationOf(condition: WriteCondition | undefined): string | undefined {
  if (condition === undefined) return undefined;
  return 'ifAbsent' in condition ? '0' : condition.ifVersion;
}

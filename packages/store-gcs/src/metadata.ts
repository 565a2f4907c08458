import { crc32c, type StoredObject } from '@weightseal/core';
import { strange } from './ask.js';

/** Which of an object's metadata are asked for. */
export const FIELDS = 'name,size,generation,updated,crc32c';

/** An object of the JSON API (https://cloud.google.com/storage/docs/json_api/v1/objects#resource). @throws STORE_RESPONSE_INVALID */
export function storedObject(found: unknown, where: string, key?: string): StoredObject {
  const { name, size, generation, updated } = (found ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || (key !== undefined && name !== key))
    throw strange(where, 'is of another object');
  const bytes = digits(size);
  const version = digits(generation);
  if (bytes === undefined || !Number.isSafeInteger(Number(bytes)))
    throw strange(where, 'does not tell its size');
  if (version === undefined) throw strange(where, 'does not tell its generation');
  const at = typeof updated === 'string' ? new Date(updated) : undefined;
  return {
    key: name,
    size: Number(bytes),
    version,
    ...(at && !Number.isNaN(at.getTime()) && { modified: at.toISOString() }),
  };
}

/** As Cloud Storage writes it: base64 of the four bytes, the most significant first. */
export function checksum(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

export function checksumOf(pieces: readonly Uint8Array[]): string {
  return checksum(pieces.reduce((crc, piece) => crc32c(piece, crc), 0));
}

/** Emulators have numbers where the API has text. */
function digits(value: unknown): string | undefined {
  const written = typeof value === 'number' ? String(value) : value;
  return typeof written === 'string' && /^\d{1,19}$/.test(written) ? written : undefined;
}

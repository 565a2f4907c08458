import { crc32c } from '@weightseal/core';

/**
 * The number in an Int64Value of an answer; undefined when there is none. The SDK gives `{ value }` with a decimal
 * string, and other configurations of protobufjs a number or a Long.
 */
export function int64(wrapped: unknown): number | undefined {
  const value: unknown = isObject(wrapped) && 'value' in wrapped ? wrapped['value'] : wrapped;
  if (value === undefined || value === null) return undefined;
  // A Long has its decimal digits as its text.
  const digits = String(value);
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** Whether the answer carries the checksum of these bytes. An answer without one does not. */
export function hasChecksum(bytes: Uint8Array, wrapped: unknown): boolean {
  return int64(wrapped) === crc32c(bytes);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

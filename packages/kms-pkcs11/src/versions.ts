/** The part of a new version's id that counts; what follows is random, so that two rotations at once make two ids. */
const COUNTER_BYTES = 4;
const MAX_COUNTER = 2 ** (8 * COUNTER_BYTES) - 1;

/** The order of versions: of their ids as byte strings. */
export function compareIds(one: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(one, other);
}

/** An id that sorts after this one: its first four bytes, as a number, and one, and then the random bytes. Undefined when there is none. */
export function nextId(last: Uint8Array, random: Uint8Array): Buffer | undefined {
  const counter = Buffer.alloc(COUNTER_BYTES);
  counter.set(last.subarray(0, COUNTER_BYTES));
  const value = counter.readUInt32BE();
  if (value === MAX_COUNTER) return undefined;
  counter.writeUInt32BE(value + 1);
  return Buffer.concat([counter, random]);
}

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  ERROR_CODES,
  type ErrorCode,
  isWeightsealError,
  type Listed,
  type ObjectBody,
  type ObjectStore,
  type StoreCall,
  type StoredObject,
  type WeightsealError,
} from '@weightseal/core';

/** A call that nobody ends. */
export function call(): StoreCall {
  return { signal: new AbortController().signal };
}

export function newBytes(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length));
}

/** Compares without showing either side: megabytes, where they differ. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  assert.equal(actual.length, expected.length, `${message}: another length`);
  assert.ok(Buffer.compare(actual, expected) === 0, `${message}: other bytes`);
}

/** All of a body, each piece copied before the next is asked for. */
export async function bytesOf({ body }: Pick<ObjectBody, 'body'>): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of body) {
    assert.ok(piece instanceof Uint8Array, 'a piece of a body is no Uint8Array');
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

export async function readRange(
  store: ObjectStore,
  key: string,
  offset: number,
  length: number,
  version?: string,
): Promise<Uint8Array> {
  return bytesOf(await store.read(key, { offset, length, version }, call()));
}

/** The whole object, in one range of its size and what is asked beyond. */
export async function readAll(store: ObjectStore, key: string): Promise<Uint8Array> {
  const { size, version } = await store.stat(key, call());
  return size === 0 ? new Uint8Array() : readRange(store, key, 0, size, version);
}

export async function assertHolds(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  assertSameBytes(await readAll(store, key), bytes, `what ${key.slice(-40)} holds`);
}

export function assertObject(object: StoredObject, key: string, size: number): void {
  assert.equal(object.key, key, 'the object has another key');
  assert.equal(object.size, size, 'the object has another size');
  assert.ok(typeof object.version === 'string' && object.version !== '', 'the object has no version');
  if (object.modified !== undefined)
    assert.match(
      object.modified,
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
      '`modified` is no RFC 3339 in UTC',
    );
}

export async function listed(
  store: ObjectStore,
  prefix: string,
  oneLevel = false,
): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for await (const one of store.list!(prefix, { oneLevel }, call())) found.push(one);
  return found;
}

export function nameOf(one: Listed): string {
  return 'prefix' in one ? one.prefix : one.key;
}

/** The WeightsealError that the call rejects with, within the patience. Anything else fails. */
export async function rejection(
  work: Promise<unknown>,
  what: string,
  patienceMs: number,
): Promise<WeightsealError> {
  const outcome = await inTime(
    work.then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    ),
    what,
    patienceMs,
  );
  assert.ok(outcome.error !== undefined, `${what} was accepted`);
  assert.ok(isWeightsealError(outcome.error), `${what} threw something other than a WeightsealError`);
  return outcome.error;
}

export async function assertRefused(
  work: Promise<unknown>,
  what: string,
  patienceMs: number,
  ...codes: readonly ErrorCode[]
): Promise<void> {
  const { code } = await rejection(work, what, patienceMs);
  assert.ok(codes.includes(code), `${what} gave ${code}, not ${codes.join(' or ')}`);
}

const OTHERS: readonly string[] = ['INPUT_NOT_FOUND', 'INPUT_CHANGED', 'OUTPUT_EXISTS', 'ABORTED'];

/** Whether it is one of those that a store may throw. */
export function assertOfStore({ code }: WeightsealError, what: string): void {
  assert.ok(ERROR_CODES[code] === 'store' || OTHERS.includes(code), `${what} gave ${code}`);
}

export async function inTime<T>(work: Promise<T>, what: string, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new assert.AssertionError({ message: `${what} had not ended after ${patienceMs} ms` });
    timer = setTimeout(() => reject(error), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

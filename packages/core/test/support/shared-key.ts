import {
  bufferSource,
  type KeyWrapper,
  openReader,
  type SharedUnwraps,
  type ShareOptions,
  shareUnwraps,
  type WrappedKey,
} from '@weightseal/core';
import { keyWith } from './memory-key.js';
import { pattern, sealBytes } from './sealed.js';

export const PLAINTEXT = pattern(300);
export const CONTEXT = { model: 'm' };
export const sealFor = (...keys: KeyWrapper[]) =>
  sealBytes(PLAINTEXT, { keys, context: CONTEXT, segmentLength: 64 });

export async function open(
  bytes: Uint8Array,
  keys: readonly KeyWrapper[],
  options: { hedgeMs?: number } = {},
) {
  await using reader = await openReader(bufferSource(bytes), { keys, ...options });
  return Buffer.compare(await reader.read(0, reader.size), PLAINTEXT) === 0;
}

export const DATA_KEY = pattern(32);
export const wrapped = (changes: Partial<WrappedKey> = {}): WrappedKey => ({
  keyUri: 'memory:a',
  keyVersion: '1',
  algorithm: 'x',
  ciphertext: Uint8Array.of(1, 2, 3),
  ...changes,
});

/** A scope over one key that gives DATA_KEY, in buffers that the test sees. */
export function shareOne(options?: ShareOptions) {
  const given: Uint8Array[] = [];
  const key = keyWith('a', {
    unwrap: async () => {
      given.push(Uint8Array.from(DATA_KEY));
      return given.at(-1)!;
    },
  });
  const shared = shareUnwraps([key], options);
  return { key, given, shared, unwrap: unwrapOf(shared) };
}

export const unwrapOf =
  (shared: SharedUnwraps) =>
  (changes?: Partial<WrappedKey>, signal?: AbortSignal): Promise<Uint8Array> =>
    shared.keys[0]!.unwrap(wrapped(changes), CONTEXT, { signal });

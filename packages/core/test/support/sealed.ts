import { readFile, rm } from 'node:fs/promises';
import {
  type ByteSource,
  bufferSource,
  type ErrorCode,
  isWeightsealError,
  type KeyWrapper,
  openReader,
  openToFile,
  openToStream,
  type SealOptions,
  sealToStream,
  verify,
  type WeightsealError,
} from '@weightseal/core';
import { expect } from 'vitest';

export const code = (expected: ErrorCode): unknown => expect.objectContaining({ code: expected });

/** Bytes that differ from one another and from run to run do not. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  let state = seed * 2654435761;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[at] = state >>> 24;
  }
  return out;
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Uint8Array.from(Buffer.concat(chunks));
}

/** A stream that gives the bytes in pieces of these sizes, over and over. */
export async function* streamOf(bytes: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length > 0 ? sizes[i % sizes.length]! : bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function sealBytes(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  return await collect(sealToStream(bufferSource(plaintext), options));
}

/** What an attempt threw, or undefined when it threw nothing. */
export async function failureOf(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The error of an attempt that must fail, and with one of ours. */
export async function refusal(attempt: () => Promise<unknown>): Promise<WeightsealError> {
  const error = await failureOf(attempt);
  if (isWeightsealError(error)) return error;
  throw new Error('it was not refused with a WeightsealError', { cause: error });
}

/** Every way to open a whole file; each gives the plaintext, or for `verify` nothing. */
export function waysToOpen(
  bytes: Uint8Array,
  keys: readonly KeyWrapper[],
  output: string,
): Record<string, () => Promise<Uint8Array | undefined>> {
  const source: ByteSource = bufferSource(bytes);
  return {
    openToFile: async () => {
      await openToFile(source, output, { keys });
      const opened = await readFile(output);
      await rm(output);
      return Uint8Array.from(opened);
    },
    'openToStream of a source': () => collect(openToStream(source, { keys })),
    'openToStream of a stream': () => collect(openToStream(streamOf(bytes, 1000, 7), { keys })),
    verify: async () => {
      await verify(source, { keys });
      return undefined;
    },
    'openReader.read': async () => {
      const reader = await openReader(source, { keys });
      try {
        return await reader.read(0, reader.size);
      } finally {
        await reader[Symbol.asyncDispose]();
      }
    },
  };
}

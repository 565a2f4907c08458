import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSource,
  type ErrorCode,
  isWeightsealError,
  type KeyWrapper,
  sealToFile,
  type WeightsealError,
} from '@weightseal/core';
import { holdsSecret } from './find-secret.js';
import type { Codes } from './suite-types.js';

export const CONTEXT = { model: 'faults', version: '1' };

/** The outcome of the work; fails when there is none by then. */
export async function settled<T>(
  work: Promise<T>,
  what: string,
  withinMs: number,
): Promise<PromiseSettledResult<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new assert.AssertionError({ message: `${what} had not ended after ${withinMs} ms` });
    timer = setTimeout(() => reject(error), withinMs);
  });
  const [outcome] = await Promise.race([Promise.allSettled([work]), late]).finally(() => clearTimeout(timer));
  return outcome;
}

/** Holds an outcome against the codes that it may have; none at all means that the call must have succeeded. */
export function assertOutcome(
  outcome: PromiseSettledResult<unknown>,
  what: string,
  codes: readonly ErrorCode[],
  secrets: readonly Uint8Array[],
): void {
  if (outcome.status === 'fulfilled') {
    assert.ok(codes.length === 0, `${what} succeeded, and should have given ${codes.join(' or ')}`);
    return;
  }
  const error: unknown = outcome.reason;
  // First of all: what follows could print the error.
  for (const secret of secrets) assert.ok(!holdsSecret(error, secret), `the error of ${what} holds a secret`);
  assert.ok(isWeightsealError(error), `${what} threw something other than a WeightsealError`);
  const wanted = codes.length === 0 ? 'not have failed' : `have given ${codes.join(' or ')}`;
  assert.ok(codes.includes(error.code), `${what} gave ${shown(error)}, and should ${wanted}`);
}

function shown({ code, message }: WeightsealError): string {
  return `${code} (${message})`;
}

/** What each call must give. */
export function codesOf(codes: Codes): Record<'wrap' | 'unwrap' | 'seal', readonly ErrorCode[]> {
  const list = (one: ErrorCode | readonly ErrorCode[] = []) => (typeof one === 'string' ? [one] : one);
  if (typeof codes === 'string' || 'length' in codes) {
    const all = list(codes);
    return { wrap: all, unwrap: all, seal: all };
  }
  const wrap = list(codes.wrap);
  return {
    wrap,
    unwrap: list(codes.unwrap),
    seal: list(codes.seal ?? (wrap.length > 0 ? wrap : 'WRAP_NOT_VERIFIED')),
  };
}

/** Seals a small file for the key into a directory of its own, and tells what lies there afterwards. */
export async function sealInto(
  wrapper: KeyWrapper,
  withinMs: number,
): Promise<{ outcome: PromiseSettledResult<unknown>; left: readonly string[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-faults-'));
  try {
    const plaintext = bufferSource(new Uint8Array(1000).fill(7));
    const sealing = sealToFile(plaintext, join(directory, 'sealed'), { keys: [wrapper], context: CONTEXT });
    const outcome = await settled(sealing, 'seal', withinMs);
    return { outcome, left: await readdir(directory) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(Buffer.compare(actual, expected) === 0, `${what} gave other bytes`);
}

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeightsealError } from '@weightseal/core';

const EVERY_MS = 250;
const ANSWER_MS = 2_000;

/** Resolves to true when the command has written anything to the descriptor, to false when it has closed it without. */
export async function readyByDescriptor(from: Readable, signal: AbortSignal): Promise<boolean> {
  try {
    return await Promise.race([
      once(from, 'data', { signal }).then(() => true),
      once(from, 'end', { signal }).then(() => false),
    ]);
  } catch {
    return false;
  } finally {
    // Whatever else it has to say must not fill the pipe.
    from.resume();
  }
}

/** Resolves to true when the URL answers with success (2xx), to false when the signal fires before. */
export async function readyByUrl(url: URL, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await answers(url, signal)) return true;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** @throws INVALID_ARGUMENT when the URL answers before the command has begun, and so cannot tell of it */
export async function checkSilent(url: URL): Promise<void> {
  if (!(await answers(url))) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `Something answers at ${url.host} already, so it cannot tell whether the command is ready. End that first, or choose another port.`,
  );
}

/** Whether the URL answers with success now. */
async function answers(url: URL, signal?: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const asking = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const answer = await fetch(url, { signal: asking, redirect: 'manual' }).catch(() => undefined);
  await answer?.body?.cancel().catch(() => {});
  return answer?.ok ?? false;
}

import { invalidArgument } from './arguments.js';
import { nameOf } from './kinds.js';

/** Bytes of plaintext that are done, and how many there are in all; `total` is undefined while a stream's length is not known. */
export interface Progress {
  readonly bytes: number;
  readonly total: number | undefined;
}

/** What it throws ends the operation, and is what that throws. */
export type OnProgress = (progress: Progress) => void;

/** What callers' functions have thrown: theirs, and no failure of the machine. */
const thrown = new WeakSet<object>();

/** Whether a caller's function threw it, so that it passes as it is. */
export function isCallers(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && thrown.has(error);
}

/** A counter that tells the callback, once at the start and then after each step. */
export function progressCounter(
  total: number | undefined,
  onProgress: OnProgress | undefined,
): (bytes: number) => void {
  let done = 0;
  tell(onProgress, { bytes: 0, total });
  return (bytes) => {
    done += bytes;
    tell(onProgress, { bytes: done, total });
  };
}

function tell(onProgress: OnProgress | undefined, progress: Progress): void {
  try {
    onProgress?.(progress);
  } catch (error) {
    if (typeof error !== 'object' || error === null)
      throw invalidArgument(`The function \`onProgress\` threw ${nameOf(error)}, which is the cause.`, error);
    thrown.add(error);
    throw error;
  }
}

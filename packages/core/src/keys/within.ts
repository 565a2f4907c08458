import { checkSignal, invalidArgument } from '../common/arguments.js';
import { WeightsealError } from '../errors.js';
import { MAX_TIMER_MS, optionalWhole } from './whole-number.js';

export const DEFAULT_DEADLINE_MS = 10_000;

/** How long a call of a key provider may go on, and who may end it earlier. */
export interface Limits {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds for the whole work; undefined where a person has to answer. */
  readonly deadlineMs: number | undefined;
  /** What the time ran out on, for the message. */
  readonly doing: string;
}

/** The deadline to keep, in milliseconds; 10 000 unless told. @throws INVALID_ARGUMENT */
export function checkedDeadline(deadlineMs?: number): number {
  return optionalWhole('deadlineMs', deadlineMs, 1, MAX_TIMER_MS) ?? DEFAULT_DEADLINE_MS;
}

function start(limits: Limits): { stop: AbortSignal; end: () => void } {
  if (typeof limits !== 'object' || limits === null)
    throw invalidArgument('A call to a key needs its limits, as an object.');
  const { signal, deadlineMs, doing } = limits;
  checkSignal(signal, 'a call to a key');
  const controller = new AbortController();
  const onAbort = () =>
    controller.abort(
      new WeightsealError('ABORTED', `Stopped trying to ${doing}, because the caller aborted.`, {
        cause: signal?.reason,
      }),
    );
  if (signal?.aborted) onAbort();
  controller.signal.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const onDeadline = () =>
    controller.abort(
      new WeightsealError(
        'KEY_TIMEOUT',
        `Could not ${doing} within ${deadlineMs} ms. Check that it can be reached, or raise deadlineMs.`,
      ),
    );
  const timer = deadlineMs === undefined ? undefined : setTimeout(onDeadline, deadlineMs);
  return {
    stop: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Runs work that only reads. Abort and deadline end the call at once, even where the work hangs in a system call;
 * `discard` then gets what the work yields too late, so that no secret is left lying about.
 *
 * @throws ABORTED, KEY_TIMEOUT, and what the work throws
 */
export async function within<T>(
  limits: Limits,
  work: (stop: AbortSignal) => Promise<T>,
  discard: (late: T) => void = () => {},
): Promise<T> {
  const { stop, end } = start(limits);
  const running = (async () => work(stop))();
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason), { once: true });
  });
  try {
    return await Promise.race([running, stopped]);
  } catch (error) {
    running.then(discard, () => {});
    throw error;
  } finally {
    end();
  }
}

/**
 * Runs work that writes. It ends only where the work itself looks at `stop`, so that an error always means that
 * the work has cleaned up and that nothing of it happens later.
 *
 * @throws ABORTED, KEY_TIMEOUT, and what the work throws
 */
export async function betweenSteps<T>(limits: Limits, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const { stop, end } = start(limits);
  try {
    return await work(stop);
  } finally {
    end();
  }
}

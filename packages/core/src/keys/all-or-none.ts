import { abortedError, WeightsealError } from '../errors.js';
import { anySignal } from './any-signal.js';
import type { KeyWrapper } from './key-wrapper.js';
import { asFailure } from './lent.js';

/** How long the others may go on when one has failed: whoever has to mend it wants to hear of all that are broken, and not one after another. */
const OTHERS_MS = 3000;

/**
 * The same for each key, at the same time. When some fail, all of them are told, by the names that they have here; those that still say nothing
 * are told to stop, and nobody waits for one that does not listen: what it was lent is zeroed then.
 *
 * @throws ABORTED; the one failure when there was one; that code, or WRAP_FAILED, with all `failures` when there were several
 */
export async function allOrNone<T>(
  keys: readonly KeyWrapper[],
  signal: AbortSignal | undefined,
  call: (key: KeyWrapper, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const stop = new AbortController();
  const either = anySignal(signal, stop.signal);
  const failures = new Map<KeyWrapper, WeightsealError>();
  let timer: NodeJS.Timeout | undefined;
  const calls = keys.map(async (key) => {
    try {
      return await call(key, either);
    } catch (error) {
      if (!stop.signal.aborted) failures.set(key, asFailure(error, key));
      timer ??= setTimeout(() => stop.abort(error), OTHERS_MS);
      throw error;
    }
  });
  const settled = await Promise.allSettled(calls);
  clearTimeout(timer);
  const done = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (done.length === keys.length) return done;
  if (signal?.aborted) throw abortedError(signal);
  const silent = keys.filter((key, index) => settled[index]!.status === 'rejected' && !failures.has(key));
  throw summary(keys, failures, silent);
}

function summary(
  keys: readonly KeyWrapper[],
  failures: ReadonlyMap<KeyWrapper, WeightsealError>,
  silent: readonly KeyWrapper[],
): WeightsealError {
  const unheard = silent.length === 0 ? '' : ` No answer yet from ${silent.map(called).join(', ')}.`;
  // As their order is, not as they failed.
  const all = keys.flatMap((key) => {
    const failure = failures.get(key);
    return failure ? [{ key, failure }] : [];
  });
  const [only] = all;
  if (all.length === 1 && only) return alone(only.key, only.failure, unheard);
  const named = all.map(({ key, failure }) => withName(key, failure));
  const same = named.every(({ code }) => code === named[0]!.code);
  const told = named.map(({ code, message }) => `${message} (${code})`).join(' | ');
  return new WeightsealError(
    same ? named[0]!.code : 'WRAP_FAILED',
    `${all.length} of ${keys.length} recipients failed, so nothing was written. ${told}${unheard}`,
    { cause: named[0], failures: named },
  );
}

function alone(key: KeyWrapper, failure: WeightsealError, unheard: string): WeightsealError {
  if (unheard === '' && key.name === undefined) return failure;
  const { code, message } = key.name === undefined ? failure : withName(key, failure);
  return new WeightsealError(code, `${message}${unheard}`, { cause: failure });
}

function withName(key: KeyWrapper, failure: WeightsealError): WeightsealError {
  return new WeightsealError(failure.code, `${called(key)}: ${failure.message}`, { cause: failure });
}

function called({ name, uri }: KeyWrapper): string {
  return name === undefined ? uri : `${name} (${uri})`;
}

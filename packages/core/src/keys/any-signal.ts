/**
 * Fires with the caller's signal, where there is one, or with ours. AbortSignal.any knows only those of this realm; a caller's may be another
 * realm's, or a library's.
 */
export function anySignal(given: AbortSignal | undefined, ours: AbortSignal): AbortSignal {
  if (!given) return ours;
  if (given instanceof AbortSignal) return AbortSignal.any([given, ours]);
  const own = new AbortController();
  const either = AbortSignal.any([own.signal, ours]);
  follow(given, own, either);
  return either;
}

type Foreign = Pick<AbortSignal, 'aborted' | 'reason' | 'addEventListener' | 'removeEventListener'>;

// A signal may live as long as the process, and see thousands of operations. So it holds none of them, as those of this realm do not: what follows it lives
// as long as the signal that it is followed for, which lives while anybody listens to it.
const kept = new WeakMap<AbortSignal, AbortController>();
const followed = new FinalizationRegistry<() => void>((leave) => leave());

function follow(given: Foreign, own: AbortController, either: AbortSignal): void {
  if (given.aborted) {
    own.abort(given.reason);
    return;
  }
  const weak = new WeakRef(own);
  const onAbort = () => weak.deref()?.abort(given.reason);
  given.addEventListener('abort', onAbort, { once: true });
  kept.set(either, own);
  followed.register(either, () => given.removeEventListener('abort', onAbort));
}

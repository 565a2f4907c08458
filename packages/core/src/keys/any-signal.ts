/**
 * Fires with the caller's signal, where there is one, or with ours. AbortSignal.any knows only those of this realm; a caller's may be another
 * realm's, or a library's.
 */
export function anySignal(given: AbortSignal | undefined, ours: AbortSignal): AbortSignal {
  return given ? AbortSignal.any([given instanceof AbortSignal ? given : following(given), ours]) : ours;
}

function following(given: Pick<AbortSignal, 'aborted' | 'reason' | 'addEventListener'>): AbortSignal {
  const own = new AbortController();
  const onAbort = () => own.abort(given.reason);
  if (given.aborted) onAbort();
  else given.addEventListener('abort', onAbort, { once: true });
  return own.signal;
}

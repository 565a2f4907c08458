/**
 * A signal that fires with the first of these. `AbortSignal.any` takes only those of Node's own class, and a test runner with a DOM, or another realm, has
 * another one.
 */
export function anySignal(own: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  if (!signal) return own;
  if (signal instanceof AbortSignal) return AbortSignal.any([signal, own]);
  const either = new AbortController();
  for (const one of [signal as AbortSignal, own]) {
    const onAbort = () => either.abort(one.reason);
    if (one.aborted) onAbort();
    else one.addEventListener('abort', onAbort, { once: true });
  }
  return either.signal;
}

import type { KeyClientOptions } from '@azure/keyvault-keys';

type Policy = NonNullable<KeyClientOptions['additionalPolicies']>[number]['policy'];

const WAIT_HEADERS = ['retry-after-ms', 'x-ms-retry-after-ms', 'retry-after'] as const;

/**
 * Keeps the SDK's waiting within the deadline. It waits as long as Retry-After says, so that throttling would show as
 * a timeout, and it does not retry a 429 that has none. Here a wait longer than a fifth of the deadline is not begun, so that
 * the 429 itself comes out; and a 429 without one is retried after `firstWaitMs`, then twice that, and so on.
 *
 * The SDK passes no signal for some calls (getKeyRotationPolicy); those get a timeout, so that none outlives its caller.
 */
export function boundedWaits(deadlineMs: number, firstWaitMs: number): Policy {
  const next429 = new WeakMap<object, number>();
  return {
    name: 'weightsealBoundedWaits',
    async sendRequest(request, next) {
      if (request.abortSignal === undefined && request.timeout === 0) request.timeout = deadlineMs;
      const response = await next(request);
      if (response.status !== 429 && response.status !== 503) return response;
      const fallback = response.status === 429 ? (next429.get(request) ?? firstWaitMs) : undefined;
      if (fallback !== undefined) next429.set(request, 2 * fallback);
      const wait = askedWait((name) => response.headers.get(name)) ?? fallback;
      for (const name of WAIT_HEADERS) response.headers.delete(name);
      if (wait !== undefined && wait <= deadlineMs / 5) response.headers.set('retry-after-ms', String(wait));
      return response;
    },
  };
}

function askedWait(header: (name: string) => string | undefined): number | undefined {
  for (const name of WAIT_HEADERS) {
    const value = header(name);
    if (value === undefined) continue;
    if (/^\d+$/.test(value)) return Number(value) * (name === 'retry-after' ? 1000 : 1);
    const until = Date.parse(value);
    return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
  }
  return undefined;
}

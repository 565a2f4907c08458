import type { KMSClientConfig } from '@aws-sdk/client-kms';

type RetryStrategy = Extract<
  NonNullable<KMSClientConfig['retryStrategy']>,
  { acquireInitialRetryToken: unknown }
>;

const ATTEMPTS = 3;
const BASE_MS = { THROTTLING: 400, TRANSIENT: 50 } as const;
const MAX_WAIT_MS = 3_000;

/**
 * The SDK's standard mode (it decides what can be retried; three attempts, exponential backoff with full jitter), but
 * for its waits: the SDK sleeps in a timer that goes on for seconds after an abort and keeps the process alive. Here
 * nothing but the call's own deadline does.
 */
export const boundedRetries: RetryStrategy = {
  acquireInitialRetryToken: async () => token(0),
  async refreshRetryTokenForRetry(last, { errorType, retryAfterHint }) {
    const retries = last.getRetryCount() + 1;
    if ((errorType !== 'THROTTLING' && errorType !== 'TRANSIENT') || retries >= ATTEMPTS) {
      throw new Error('no further attempt');
    }
    const backoff = Math.random() * BASE_MS[errorType] * 2 ** (retries - 1);
    const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
    const wait = Math.min(MAX_WAIT_MS, Math.max(backoff, asked));
    await new Promise<void>((resolve) => setTimeout(resolve, wait).unref());
    return token(retries);
  },
  recordSuccess() {},
};

function token(retries: number): { getRetryCount(): number; getRetryDelay(): number } {
  return { getRetryCount: () => retries, getRetryDelay: () => 0 };
}

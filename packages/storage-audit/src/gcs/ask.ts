import { abortedError, isLoopback, isWeightsealError, WeightsealError } from '@weightseal/core';
import { type Asked, fetchJson } from './fetch-json.js';

/** One GET of the API, by path and query. It throws where no answer came. */
export type Ask = (path: string, call: { readonly signal?: AbortSignal | undefined }) => Promise<Asked>;

/** One request of the API, by method, path and query; `body` is sent as JSON. It throws where no answer came. */
export type Send = (
  method: 'GET' | 'PATCH' | 'PUT',
  path: string,
  body: unknown,
  call: { readonly signal?: AbortSignal | undefined },
) => Promise<Asked>;

export interface BearerAskOptions {
  /** `https://storage.googleapis.com`, `https://management.azure.com`; `http:` on this machine only. */
  readonly origin: string;
  /** Asked before each request, so that it may be renewed. Undefined for a request without one. */
  readonly token: (call: { readonly signal?: AbortSignal | undefined }) => Promise<string | undefined>;
  /** For a request with all its attempts; 30 s unless told. */
  readonly deadlineMs?: number | undefined;
}

const DEADLINE_MS = 30_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;
/** More than RFC 6750 §2.1 has: only what cannot be sent is kept out. */
const TOKEN = /^[\x21-\x7e]+$/;
/** What may go better the next time. */
const AGAIN = [408, 429, 500, 502, 503, 504];

/**
 * Asks with a bearer token, at this origin and nowhere else. What fails in a way that may pass is asked again, four times in all.
 *
 * @throws INVALID_ARGUMENT; what it makes throws INVALID_ARGUMENT for what is no token, STORE_RESPONSE_INVALID, STORE_UNAVAILABLE, STORE_TIMEOUT, ABORTED
 */
export function bearerAsk(options: BearerAskOptions): Ask {
  const send = bearerSend(options);
  return (path, call) => send('GET', path, undefined, call);
}

/**
 * The same of any method. What changes something is sent once: whoever has lost the answer looks what came of it.
 *
 * @throws as `bearerAsk` does
 */
export function bearerSend({ origin, token, deadlineMs = DEADLINE_MS }: BearerAskOptions): Send {
  const base = originOf(origin);
  return async (method, path, body, { signal }) => {
    const attempts = method === 'GET' ? ATTEMPTS : 1;
    const url = new URL(path, base);
    if (url.origin !== base.origin)
      throw new WeightsealError('INVALID_ARGUMENT', 'A path of the API leads to another host.');
    const deadline = AbortSignal.timeout(deadlineMs);
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    for (let tried = 1; ; tried++)
      try {
        either.throwIfAborted();
        const bearer = checkedToken(await token({ signal: either }));
        const asked = await fetchJson(url, { method, body, bearer }, either);
        if (tried === attempts || !AGAIN.includes(asked.status)) return asked;
        await pause(tried, either);
      } catch (cause) {
        const error = failure(cause, base.host, signal, deadline);
        if (tried === attempts || error.code !== 'STORE_UNAVAILABLE') throw error;
        await pause(tried, either);
      }
  };
}

/** @throws INVALID_ARGUMENT */
function originOf(origin: string): URL {
  const base = URL.canParse(origin) ? new URL(origin) : undefined;
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopback(base.hostname));
  if (base && isSafe && origin.replace(/\/$/, '') === base.origin) return base;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    '`origin` is https://host[:port], and nothing more; http:// for this machine only, since tokens would cross the network in the clear.',
  );
}

/** `fetch` would name one that it cannot send in its error, which is somebody's cause and lands in a log. */
function checkedToken(token: string | undefined): string | undefined {
  if (token === undefined || (typeof token === 'string' && TOKEN.test(token))) return token;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The token is empty, or has characters that no header can have: a space, a line break, letters beyond ASCII. Take the token alone, without the line break that ends a file.',
  );
}

/** Until the next attempt, or the end of all: that is seen there. */
async function pause(tried: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.random() * FIRST_PAUSE_MS * 2 ** tried);
  const over = () => resolve();
  signal.addEventListener('abort', over, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', over);
}

function failure(
  cause: unknown,
  host: string,
  signal: AbortSignal | undefined,
  deadline: AbortSignal,
): WeightsealError {
  if (signal?.aborted) return abortedError(signal);
  if (isWeightsealError(cause)) return cause;
  if (deadline.aborted)
    return new WeightsealError(
      'STORE_TIMEOUT',
      `${host} did not answer in time. Check the network and proxies.`,
      { cause },
    );
  return new WeightsealError(
    'STORE_UNAVAILABLE',
    `${host} could not be asked. Check the network, proxies and credentials.`,
    { cause },
  );
}

import { abortedError, isLoopback, isWeightsealError, WeightsealError } from '@weightseal/core';

/** An answer of a cloud's management API, whatever its status. */
export interface Asked {
  readonly status: number;
  /** Its JSON; undefined where it has none. */
  readonly body: unknown;
}

/** One GET of the API, by path and query. It throws where no answer came. */
export type Ask = (path: string, call: { readonly signal?: AbortSignal | undefined }) => Promise<Asked>;

export interface BearerAskOptions {
  /** `https://storage.googleapis.com`, `https://management.azure.com`; `http:` on this machine only. */
  readonly origin: string;
  /** Asked before each request, so that it may be renewed. Undefined for a request without one. */
  readonly token: (call: { readonly signal?: AbortSignal | undefined }) => Promise<string | undefined>;
  /** For one request; 30 s unless told. */
  readonly deadlineMs?: number | undefined;
}

/** A bucket's policy has at most a megabyte, and nothing else that is asked for is longer. */
const MOST_BYTES = 8_388_608;
const DEADLINE_MS = 30_000;

/**
 * Asks with a bearer token, at this origin and nowhere else: an answer that leads to another place is not followed, since the token would go there.
 *
 * @throws INVALID_ARGUMENT; what it makes throws STORE_RESPONSE_INVALID, STORE_UNAVAILABLE, STORE_TIMEOUT, ABORTED
 */
export function bearerAsk({ origin, token, deadlineMs = DEADLINE_MS }: BearerAskOptions): Ask {
  const base = URL.canParse(origin) ? new URL(origin) : undefined;
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopback(base.hostname));
  if (!base || !isSafe || origin.replace(/\/$/, '') !== base.origin)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      '`origin` is https://host[:port], and nothing more; http:// for this machine only, since tokens would cross the network in the clear.',
    );
  return async (path, { signal }) => {
    const url = new URL(path, base);
    if (url.origin !== base.origin)
      throw new WeightsealError('INVALID_ARGUMENT', 'A path of the API leads to another host.');
    const deadline = AbortSignal.timeout(deadlineMs);
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      const bearer = await token({ signal: either });
      const answer = await fetch(url, {
        headers: {
          accept: 'application/json',
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        redirect: 'manual',
        signal: either,
      });
      return { status: answer.status, body: jsonIn(await textOf(answer)) };
    } catch (cause) {
      throw failure(cause, base.host, signal, deadline);
    }
  };
}

async function textOf(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body ?? []) {
    length += piece.length;
    if (length > MOST_BYTES)
      throw new WeightsealError(
        'STORE_RESPONSE_INVALID',
        'The answer has no end. Check the endpoint and proxies.',
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
    {
      cause,
    },
  );
}

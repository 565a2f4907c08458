// One request of the KMS. Data keys go as bytes: a string could not be wiped.
import {
  type ErrorCode,
  isLoopback,
  isWeightsealError,
  secretBytes,
  WeightsealError,
} from '@weightseal/core';

export interface Answer {
  /** That of the key which answered. */
  readonly version: string;
  readonly bytes: Uint8Array;
}

interface Request {
  /** What the service authenticates beside the data key: the context. */
  readonly bound?: Uint8Array | undefined;
  readonly body?: Uint8Array | undefined;
  readonly token: string | undefined;
  readonly stop: AbortSignal;
}

/** More than any answer has; a server that is none of ours could fill the memory. */
const MAX_BYTES = 1024;

/** What the service says, and what that means: in one table. */
const FAILURES: Readonly<Record<number, readonly [code: ErrorCode, sentence: string]>> = {
  401: ['KEY_DENIED', 'The KMS wants another token; set WEIGHTSEAL_CORP_KMS_TOKEN.'],
  403: ['KEY_DENIED', 'This token may not use the key; it needs the role kms.user on it.'],
  404: ['KEY_NOT_FOUND', 'The KMS has no key of this name; check the URI.'],
  409: ['KEY_DISABLED', 'The key is switched off; have it enabled.'],
  422: [
    'UNWRAP_REJECTED',
    'The KMS does not open this wrap: it is of another key or context, or was changed.',
  ],
  429: ['KEY_THROTTLED', 'The KMS has too many calls; try again later.'],
};

/** @throws KEY_DENIED, KEY_NOT_FOUND, KEY_DISABLED, KEY_THROTTLED, KEY_UNAVAILABLE, KEY_RESPONSE_INVALID, UNWRAP_REJECTED, INVALID_ARGUMENT */
export async function ask(url: URL, { bound, body, token, stop }: Request): Promise<Answer> {
  // Data keys go there in the clear.
  if (url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw new WeightsealError('INVALID_ARGUMENT', 'The endpoint of the KMS must be https:.');
  const response = await send(url, { bound, body, token, stop });
  if (!response.ok) {
    await response.body?.cancel();
    const [code, sentence] = FAILURES[response.status] ?? [
      'KEY_UNAVAILABLE',
      `The KMS answered ${response.status}; ask those who run it.`,
    ];
    throw new WeightsealError(code, sentence);
  }
  return { version: response.headers.get('x-key-version') ?? '', bytes: await bytesOf(response, stop) };
}

async function send(url: URL, { bound, body, token, stop }: Request): Promise<Response> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(bound !== undefined && { 'x-bound': Buffer.from(bound).toString('base64url') }),
  };
  try {
    // Elsewhere than where it was configured nothing is sent.
    return await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      redirect: 'error',
      signal: stop,
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    });
  } catch (cause) {
    stop.throwIfAborted();
    throw new WeightsealError(
      'KEY_UNAVAILABLE',
      'The KMS cannot be reached; check the network and the endpoint.',
      {
        cause,
      },
    );
  }
}

async function bytesOf(response: Response, stop: AbortSignal): Promise<Uint8Array> {
  // It may be a data key: memory of its own, which is nobody's afterwards.
  const bytes = secretBytes(MAX_BYTES);
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      const fits = length + chunk.length <= MAX_BYTES;
      if (fits) bytes.set(chunk, length);
      chunk.fill(0);
      if (!fits)
        throw new WeightsealError(
          'KEY_RESPONSE_INVALID',
          'The KMS gave more than any answer has; check its endpoint.',
        );
      length += chunk.length;
    }
    const answer = secretBytes(length);
    answer.set(bytes.subarray(0, length));
    return answer;
  } catch (cause) {
    stop.throwIfAborted();
    if (isWeightsealError(cause)) throw cause;
    throw new WeightsealError('KEY_UNAVAILABLE', 'The KMS broke off its answer; try again.', { cause });
  } finally {
    bytes.fill(0);
  }
}

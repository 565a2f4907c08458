import { Readable } from 'node:stream';
import type { KMSClient } from '@aws-sdk/client-kms';
import { isLoopback, WeightsealError } from '@weightseal/core';

interface Wire {
  readonly request?: { readonly protocol?: string; readonly hostname?: string };
  readonly response?: { body?: unknown };
}

/** The longest answer, a thousand rotations of a key, is well below. */
const MAX_ANSWER_BYTES = 1 << 20;

/**
 * Two things that the SDK lets pass: an endpoint without TLS, over which data keys go in the clear, and an answer without
 * end, of which it keeps what comes until the deadline, gigabytes on a fast network.
 */
export function guardWire({ middlewareStack }: KMSClient): void {
  middlewareStack.add(
    (next) => async (asked) => {
      const { request } = asked as Wire;
      if (request?.protocol === 'http:' && !isLoopback(request.hostname ?? '')) throw inTheClear();
      const answered = await next(asked);
      const { response } = answered as Wire;
      if (response?.body instanceof Readable) response.body = Readable.from(atMost(response.body));
      return answered;
    },
    // Next to the wire, where the answer is still a stream.
    { name: 'weightsealGuardWire', step: 'deserialize', priority: 'low' },
  );
}

async function* atMost(body: Readable): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('The answer is too long.');
    yield chunk;
  }
}

function inTheClear(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'The endpoint of AWS KMS has no TLS, so data keys would cross the network in the clear. Name an https endpoint (AWS_ENDPOINT_URL_KMS); http is for this machine only.',
  );
}

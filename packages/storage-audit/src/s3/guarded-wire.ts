import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { isLoopback } from '@weightseal/core';
import { inTheClear } from './options.js';

interface Wire {
  readonly request?: { readonly protocol?: string; readonly hostname?: string };
  readonly response?: { body?: unknown };
}

/** Nothing that is asked here is as long: a policy has 20 KB, a page of rules a few hundred. */
const MAX_ANSWER_BYTES = 4 << 20;

/** As the store of S3 does: no endpoint without TLS, also not one that the environment names, and no answer without end. */
export function guardWire(client: unknown, allowHttp: boolean): void {
  // The stacks of all clients of the SDK are alike.
  (client as S3Client).middlewareStack.add(
    (next) => async (asked) => {
      const { request } = asked as Wire;
      if (request?.protocol === 'http:' && !allowHttp && !isLoopback(request.hostname ?? ''))
        throw inTheClear();
      const answered = await next(asked);
      const { response } = answered as Wire;
      if (response?.body instanceof Readable) response.body = Readable.from(atMost(response.body));
      return answered;
    },
    { name: 'weightsealGuardWire', step: 'deserialize', priority: 'low' },
  );
}

/** @throws Error for more than that */
export async function* atMost(body: Readable): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('The answer is too long.');
    yield chunk;
  }
}

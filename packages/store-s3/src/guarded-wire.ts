import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { isLoopback } from '@weightseal/core';
import { inTheClear } from './options.js';

interface Wire {
  readonly request?: { readonly protocol?: string; readonly hostname?: string };
  readonly response?: { readonly statusCode?: number; body?: unknown };
}

/** The longest answer that is no object, a thousand keys in XML, is well below. */
const MAX_ANSWER_BYTES = 16 << 20;

/**
 * Two things that the SDK lets pass: an endpoint without TLS, also one that the environment names; and an answer without end, of which it keeps what comes until the
 * deadline. The bytes of objects are streamed, and their reader's to bound.
 */
export function guardWire({ middlewareStack }: S3Client, allowHttp: boolean): void {
  middlewareStack.add(
    (next, { commandName }) =>
      async (asked) => {
        const { request } = asked as Wire;
        if (request?.protocol === 'http:' && !allowHttp && !isLoopback(request.hostname ?? ''))
          throw inTheClear();
        const answered = await next(asked);
        const { response } = answered as Wire;
        const isObject = commandName === 'GetObjectCommand' && (response?.statusCode ?? 0) < 300;
        if (response?.body instanceof Readable && !isObject)
          response.body = Readable.from(atMost(response.body));
        return answered;
      },
    // Next to the wire, where the answer is still a stream.
    { name: 'weightsealGuardWire', step: 'deserialize', priority: 'low' },
  );
}

/** Its name is what is left of it once the SDK has taken it for an error of its own. */
export class TooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

async function* atMost(body: Readable): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new TooLong('The answer is too long.');
    yield chunk;
  }
}

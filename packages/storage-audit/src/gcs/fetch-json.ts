import { WeightsealError } from '@weightseal/core';

/** An answer of a cloud's management API, whatever its status. */
export interface Asked {
  readonly status: number;
  /** Its JSON; undefined where it has none. */
  readonly body: unknown;
}

interface Sent {
  readonly method: string;
  readonly body: unknown;
  readonly bearer: string | undefined;
}

/** A bucket's policy has at most a megabyte, and nothing else that is asked for is longer. */
const MOST_BYTES = 8_388_608;

/** One request, at this address and nowhere else: an answer that leads to another place is not followed, since the token would go there. @throws STORE_RESPONSE_INVALID, and what `fetch` throws */
export async function fetchJson(
  url: URL,
  { method, body, bearer }: Sent,
  signal: AbortSignal,
): Promise<Asked> {
  const headers = {
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url, { method, headers, redirect: 'manual', signal, ...sent });
  return { status: answer.status, body: jsonIn(await textOf(answer)) };
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

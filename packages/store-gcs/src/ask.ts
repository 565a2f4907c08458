import { WeightsealError } from '@weightseal/core';
import type { Asked } from './errors.js';
import { failed, refused } from './errors.js';
import type { Answer, Send, Sent } from './send.js';

/** The most of an answer that is read: a page of a list, a thousand names of a kilobyte, and what stands around them. */
const MAX_ANSWER_BYTES = 16 * 2 ** 20;
const MAX_REFUSAL_BYTES = 64 * 2 ** 10;

/** Asks, and takes one of the statuses for an answer; anything else is thrown as an error of ours. */
export type Ask = (
  sent: Sent,
  asked: Asked,
  signal: AbortSignal,
  statuses: readonly number[],
) => Promise<Answer>;

export function asking(send: Send): Ask {
  return async (sent, asked, signal, statuses) => {
    try {
      const answer = await send(sent, signal);
      if (statuses.includes(answer.status)) return answer;
      throw refused(answer.status, await textOf(answer, MAX_REFUSAL_BYTES), asked);
    } catch (error) {
      throw failed(error, asked, signal);
    }
  };
}

/** The JSON of an answer. @throws STORE_RESPONSE_INVALID, STORE_UNAVAILABLE */
export async function jsonOf(
  answer: Answer,
  asked: Asked,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const body = await textOf(answer, MAX_ANSWER_BYTES + 1).catch((error: unknown) => {
    throw failed(error, asked, signal);
  });
  try {
    const found: unknown = JSON.parse(body);
    if (typeof found === 'object' && found !== null) return found as Record<string, unknown>;
  } catch {
    // Said below: what does not parse is quoted by the parser.
  }
  throw strange(asked.where, 'is no JSON');
}

/** Frees the connection of an answer that has nothing more to say. */
export async function emptied(answer: Answer): Promise<void> {
  await textOf(answer, MAX_REFUSAL_BYTES).catch(() => '');
}

export function strange(where: string, what: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The answer for ${where} ${what}, which Cloud Storage does not do. Check the endpoint and proxies, and try again.`,
  );
}

/** At most so many bytes; the connection of what is longer is ended. */
async function textOf({ body }: Answer, most: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    length += piece.length;
    if (length > most) break;
  }
  return Buffer.concat(pieces).toString('utf8', 0, most);
}

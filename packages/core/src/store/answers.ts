import { type ErrorCode, WeightsealError } from '../errors.js';
import type { ObjectRange, StoredObject } from './object-store.js';

// What packages of stores have in common: what an answer over HTTP means, and what it must be. Whoever answers may be anybody's server, or one in between.

/** What a status of HTTP means, for a store. Packages look at the code that their service gives first. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 404 || status === 410) return 'INPUT_NOT_FOUND';
  if (status === 412 || status === 409) return 'INPUT_CHANGED';
  if (status === 401 || status === 403 || status === 407) return 'STORE_DENIED';
  if (status === 429 || status === 503) return 'STORE_THROTTLED';
  if (status === 408 || status >= 500) return 'STORE_UNAVAILABLE';
  return 'STORE_RESPONSE_INVALID';
}

export interface RangeAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null | undefined;
}

/**
 * The object that the answer to a ranged read describes, once that is what was asked for: 206 of just that range, of that version, as it lies in the store.
 *
 * @param versionOf what of the answer is the version; its ETag unless told, where that is no weak one (RFC 9110 §8.8.1): two objects may share such
 * @throws INPUT_CHANGED, STORE_RESPONSE_INVALID
 */
export function checkRange(
  key: string,
  range: ObjectRange,
  answer: RangeAnswer,
  where: string,
  versionOf: (answer: RangeAnswer) => string | null | undefined = ({ header }) => strongOf(header('etag')),
): StoredObject {
  const { status, header } = answer;
  const refuse = (what: string) =>
    new WeightsealError(
      'STORE_RESPONSE_INVALID',
      `The answer of ${where} ${what}. Something between, a proxy or a cache, may not heed ranges; reach the store without it.`,
    );
  const encoding = header('content-encoding');
  if (encoding && encoding !== 'identity')
    throw refuse(`is encoded (${encoding.slice(0, 20)}), and bytes as they lie there were asked for`);
  if (status !== 206) throw refuse(`has status ${status} where a range was asked for`);
  const found = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(header('content-range') ?? '');
  if (!found) throw refuse('does not say which range it is');
  const [from, to, size] = found.slice(1).map(Number) as [number, number, number];
  if (from !== range.offset || to !== Math.min(range.offset + range.length, size) - 1)
    throw refuse(`is of the bytes ${from} to ${to} of ${size}, and others were asked for`);
  const length = header('content-length');
  if (length && Number(length) !== to - from + 1) throw refuse('has another length than it says');
  const version = versionOf(answer);
  if (!version) throw refuse('does not say which version it is of');
  if (range.version !== undefined && version !== range.version) throw replaced(where);
  const modified = header('last-modified');
  const at = modified ? new Date(modified) : undefined;
  return { key, size, version, ...(at && !Number.isNaN(at.getTime()) && { modified: at.toISOString() }) };
}

function strongOf(tag: string | null | undefined): string | undefined {
  return tag && !/^W\//i.test(tag) ? tag : undefined;
}

/**
 * The bytes of an answer, in the pieces in which they come: just so many. Ending the iteration early ends the body.
 *
 * @param failure what a failure of the body is called
 * @throws STORE_RESPONSE_INVALID for more of them, STORE_UNAVAILABLE for fewer: a connection that broke off
 */
export async function* exactly(
  body: AsyncIterable<Uint8Array>,
  expected: number,
  where: string,
  failure: (error: unknown) => WeightsealError,
): AsyncGenerator<Uint8Array, void> {
  let left = expected;
  try {
    for await (const piece of body) {
      left -= piece.length;
      if (left < 0)
        throw new WeightsealError(
          'STORE_RESPONSE_INVALID',
          `The answer of ${where} has more bytes than it says.`,
        );
      yield piece;
    }
  } catch (error) {
    throw failure(error);
  }
  if (left > 0)
    throw new WeightsealError(
      'STORE_UNAVAILABLE',
      `The answer of ${where} ended before all of it had come. Try again; check the network and proxies.`,
    );
}

/** For an object that is no longer what it was. */
export function replaced(where: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'INPUT_CHANGED',
    `${where} was replaced meanwhile, and what is read of two versions is neither. Try again.`,
    { cause },
  );
}

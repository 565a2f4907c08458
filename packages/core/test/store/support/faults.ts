import { type ErrorCode, WeightsealError } from '@weightseal/core';
import fc from 'fast-check';

/** What goes wrong with one request. */
export interface Fault {
  /** It is refused with this. */
  readonly throws?: unknown;
  /** It is done, and its answer is lost: refused with this. Not of reads. */
  readonly lost?: unknown;
  /** It is never answered, until it is aborted. */
  readonly hang?: boolean;
  /** It is answered when this resolves. */
  readonly after?: Promise<unknown>;
  /** The answer says that it is of this version. */
  readonly version?: string;
  /** After so many bytes of the body it is reset. */
  readonly resetAfter?: number;
  /** After so many bytes of the body nothing more comes, until it is aborted. */
  readonly stallAfter?: number;
  /** Each piece of the body comes when this resolves. */
  readonly slowly?: () => Promise<unknown>;
  /** The body ends so many bytes early, without an error. */
  readonly short?: number;
  /** So many bytes come that nobody asked for. */
  readonly long?: number;
}

export const refusedWith = (code: ErrorCode): WeightsealError => new WeightsealError(code, `It is ${code}.`);

export const throttled: Fault = { throws: refusedWith('STORE_THROTTLED') };
export const unavailable: Fault = { throws: refusedWith('STORE_UNAVAILABLE') };

/** What goes wrong once with a range of so many bytes, and how many of them have come by then. */
export const onTheWay = (length: number): [string, Fault, number][] => [
  ['a reset', { resetAfter: 25_000 }, 25_000],
  ['a stall', { stallAfter: 25_000 }, 25_000],
  ['a body that ends early', { short: length - 25_000 }, 25_000],
  ['a refusal', unavailable, 0],
  ['a throttle', throttled, 0],
  ['no answer', { hang: true }, 0],
];

/** Any of them, after so many bytes at most. */
export const anyFault = (most: number): fc.Arbitrary<Fault> =>
  fc.oneof(
    fc.constant<Fault>({}),
    fc.nat({ max: most }).map((resetAfter): Fault => ({ resetAfter })),
    fc.nat({ max: most }).map((short): Fault => ({ short })),
    fc.nat({ max: most }).map((stallAfter): Fault => ({ stallAfter })),
    fc.integer({ min: 1, max: 100 }).map((long): Fault => ({ long })),
    fc.constantFrom<Fault>(throttled, unavailable, { hang: true }, { version: '"x"' }),
    fc
      .constantFrom<ErrorCode>('STORE_DENIED', 'INPUT_NOT_FOUND', 'STORE_RESPONSE_INVALID')
      .map((refused): Fault => ({ throws: refusedWith(refused) })),
    fc.constant<Fault>({ throws: new Error('a library') }),
  );

/** The fault, for the first so many requests that it is asked about. */
export function times(count: number, fault: Fault): () => Fault | undefined {
  let left = count;
  return () => (left-- > 0 ? fault : undefined);
}

/** Ends when the request is aborted, and only then. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = () => reject(new WeightsealError('ABORTED', 'Stopped.', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** A body in pieces, of which each has its memory used again for the next, as the interface allows. */
export function bodyOf(
  bytes: Uint8Array,
  pieceBytes: number,
  fault: Fault,
  signal: AbortSignal,
  ended: () => void,
): AsyncIterable<Uint8Array> {
  // A body that nobody reads is ended by the signal alone.
  let over = false;
  const end = () => {
    if (!over) ended();
    over = true;
  };
  signal.addEventListener('abort', end, { once: true });
  return {
    [Symbol.asyncIterator]() {
      const pieces = piecesOf(bytes, pieceBytes, fault, signal);
      return {
        async next() {
          const step = await pieces.next().catch((error: unknown) => {
            end();
            throw error;
          });
          if (step.done) end();
          return step;
        },
        async return() {
          end();
          void pieces.return(undefined);
          return { value: undefined, done: true };
        },
      };
    },
  };
}

async function* piecesOf(
  bytes: Uint8Array,
  pieceBytes: number,
  { resetAfter = Infinity, stallAfter = Infinity, short = 0, long = 0, slowly }: Fault,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  const given = long > 0 ? Buffer.concat([bytes, new Uint8Array(long)]) : bytes;
  const end = given.length - short;
  const until = Math.max(0, Math.min(end, resetAfter, stallAfter));
  const memory = new Uint8Array(pieceBytes);
  for (let at = 0; at < until; ) {
    await Promise.race([slowly?.() ?? new Promise((resolve) => setImmediate(resolve)), hang(signal)]);
    const piece = given.subarray(at, Math.min(until, at + pieceBytes));
    memory.set(piece);
    yield memory.subarray(0, piece.length);
    memory.fill(0xee);
    at += piece.length;
  }
  if (until < end && until === resetAfter) throw refusedWith('STORE_UNAVAILABLE');
  if (until < end && until === stallAfter) await hang(signal);
  return undefined;
}

import { isWeightsealError, WeightsealError } from '../errors.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import { replaced } from './answers.js';
import { type StoreLocation, uriOf } from './location.js';
import { ObjectSource } from './object-source.js';
import type { StoreCall, StoredObject, WriteCondition } from './object-store.js';
import { requestsOf } from './request.js';

/** What is kept of an object that was written, to know it again. Sealed bytes begin with random numbers: nobody else's are the same. */
export const EDGE_BYTES = 65_536;
/** For looking whether a write went through when the caller has aborted it, and for giving it up. */
const ENDING_MS = 10_000;
/** A store puts thousands of parts together before it answers, or says of each that it is there: it gets the time that so many bytes would take. */
export const ALL_PARTS_BYTES = 8_388_608;

/** What an object must be to be the one that was written. */
export interface Written {
  readonly size: number;
  /** Its first bytes, and its last where they are known; or what it is a copy of. */
  readonly first?: Uint8Array | undefined;
  readonly last?: Uint8Array | undefined;
  readonly copyOf?: ByteSource | undefined;
  /** On what its writing depended: as long as that is still so, it is not there. */
  readonly condition?: WriteCondition | undefined;
}

/** Fires after a while, whatever the caller's says: for what must still be done after an abort. */
export function endingSignal(): AbortSignal {
  return AbortSignal.timeout(ENDING_MS);
}

/**
 * Whether what is to be written can be at all, told before much is sent: stores look at the condition only at the end.
 *
 * @throws OUTPUT_EXISTS, INPUT_CHANGED, and what the store throws; that it lets nobody look is no answer
 */
export async function checkCondition(
  location: StoreLocation,
  condition: WriteCondition | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!condition) return;
  const found = await lookAt(location, signal);
  if (found === 'unknown') return;
  if ('ifAbsent' in condition) {
    if (found) throw outputExists(location);
  } else if (found?.version !== condition.ifVersion) throw replaced(uriOf(location));
}

async function lookAt(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined | 'unknown'> {
  const { store, key } = location;
  try {
    return await requestsOf(location).run(`look at ${uriOf(location)}`, signal, (call) =>
      store.stat(key, call),
    );
  } catch (error) {
    if (codeOf(error) === 'INPUT_NOT_FOUND') return undefined;
    // Who may only write is told so when asking whether something is there.
    if (codeOf(error) === 'STORE_DENIED') return 'unknown';
    throw error;
  }
}

function outputExists(location: StoreLocation): WeightsealError {
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `${uriOf(location)} exists already: allow overwriting (--force; \`overwrite: true\` in a program), or choose another name.`,
  );
}

/**
 * Makes the request after which an object is visible, again and again like any other. Where an answer was lost, what came of the request is unknown; a second attempt
 * of one that went through may be told that there is such an object already, or that it has another version, or that there is no such upload: it met itself. So whatever such a
 * request ends with, the object is looked at before anybody is told that it failed.
 *
 * @throws what the request throws, once it is known that nothing came of it, or cannot be known
 */
export async function madeVisible(
  location: StoreLocation,
  written: Written,
  signal: AbortSignal | undefined,
  request: (call: StoreCall) => Promise<StoredObject>,
): Promise<StoredObject> {
  let sent = 0;
  try {
    const attempt = (call: StoreCall) => {
      sent++;
      return request(call);
    };
    const object = await requestsOf(location).run(`write ${uriOf(location)}`, signal, attempt, {
      sends: ALL_PARTS_BYTES,
    });
    if (object.size === written.size) return object;
    throw new WeightsealError(
      'STORE_RESPONSE_INVALID',
      `${uriOf(location)} has ${object.size} bytes after ${written.size} were written. Look at what lies there before you use it.`,
    );
  } catch (error) {
    if (!inDoubt(error, sent)) throw error;
    const looking = signal?.aborted ? endingSignal() : signal;
    const own = await itself(location, written, looking).catch(() => {
      throw unknown(location, error);
    });
    if (own) return own;
    throw error;
  }
}

const UNANSWERED: readonly unknown[] = [
  'ABORTED',
  'STORE_UNAVAILABLE',
  'STORE_TIMEOUT',
  'STORE_RESPONSE_INVALID',
];

function inDoubt(error: unknown, sent: number): boolean {
  return sent > 1 || (sent === 1 && (!isWeightsealError(error) || UNANSWERED.includes(error.code)));
}

/** The object under the name, where it is what was written. */
async function itself(
  location: StoreLocation,
  { size, condition, ...known }: Written,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  try {
    await using found = await ObjectSource.open(location, { first: EDGE_BYTES, signal });
    if (found.size !== size) return undefined;
    // What was to be replaced may begin and end like what replaces it, after a rewrap.
    if (condition && 'ifVersion' in condition && found.object.version === condition.ifVersion)
      return undefined;
    const { first, last } = await edgesOf(known, size, signal);
    const beginning = await found.read(0, first.length, { signal });
    if (Buffer.compare(beginning, first) !== 0) return undefined;
    const end = last && (await found.read(size - last.length, last.length, { signal }));
    return end && Buffer.compare(end, last) !== 0 ? undefined : found.object;
  } catch (error) {
    if (['INPUT_NOT_FOUND', 'INPUT_CHANGED'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function edgesOf(
  { first = new Uint8Array(0), last, copyOf }: Omit<Written, 'size' | 'condition'>,
  size: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly first: Uint8Array; readonly last: Uint8Array | undefined }> {
  if (!copyOf) return { first, last };
  const length = Math.min(size, EDGE_BYTES);
  const [beginning, end] = await Promise.all(
    [0, size - length].map((offset) => readExactly(copyOf, offset, length, signal)),
  );
  return { first: beginning!, last: end! };
}

function unknown(location: StoreLocation, error: unknown): WeightsealError {
  const said = isWeightsealError(error) ? error : undefined;
  return new WeightsealError(
    said?.code ?? 'STORE_UNAVAILABLE',
    `The answer to the request that makes ${uriOf(location)} visible was lost, and it cannot be looked at either: it may be there, whole, or not at all. Look before you try again. ${said?.message ?? ''}`.trim(),
    { cause: error },
  );
}

export function codeOf(error: unknown): string | undefined {
  return isWeightsealError(error) ? error.code : undefined;
}

import { type ByteSource, readExactly } from '../io/byte-source.js';
import { readAhead } from '../store/read-ahead.js';
import { HEAD_BYTES, headSays, isSealedHead } from './plan.js';

/** What a comparison has seen of the first. */
export interface Compared {
  readonly same: boolean;
  /** Whether it begins as what is sealed does. */
  readonly sealed: boolean;
}

/**
 * Whether two files of the same size are the same. Of what is sealed the beginning says it: it holds random numbers. Anything else is read to its end.
 *
 * @throws what the sources throw, ABORTED
 */
export async function compare(
  one: ByteSource,
  other: ByteSource,
  signal: AbortSignal | undefined,
): Promise<Compared> {
  const { size } = one;
  const length = Math.min(size, HEAD_BYTES);
  const [head, its] = await Promise.all([one, other].map((each) => readExactly(each, 0, length, signal)));
  const sealed = isSealedHead(head!);
  if (size !== other.size || Buffer.compare(head!, its!) !== 0) return { same: false, sealed };
  if (headSays(size, head!)) return { same: true, sealed };
  return { same: await areSame(one, other, length, signal), sealed };
}

async function areSame(
  one: ByteSource,
  other: ByteSource,
  from: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let at = from;
  for await (const bytes of readAhead(one, from, one.size, signal)) {
    if (Buffer.compare(bytes, await readExactly(other, at, bytes.length, signal)) !== 0) return false;
    at += bytes.length;
  }
  return true;
}

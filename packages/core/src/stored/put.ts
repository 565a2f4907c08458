import { constants, open } from 'node:fs/promises';
import { isWeightsealError } from '../errors.js';
import { FileSource, readExactly } from '../io/byte-source.js';
import { closing } from '../io/closing.js';
import { makeDurable } from '../io/output/durable.js';
import { whatLies } from './checked-piece.js';
import type { CopyChecks, Expected } from './checks.js';
import type { OpenPiece } from './piece.js';
import type { Put } from './place.js';
import { OtherBytes, type Progress } from './pour.js';
import { type Compared, compare } from './same.js';

/** What is not whole. */
export const PARTIAL = 'weightseal.copying';
const NOT_FOLLOWED = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** Puts a file, and again where what came was something else, until that is given up. */
export async function untilExpected(
  path: string,
  checks: CopyChecks | undefined,
  progress: Progress,
  put: (expected: Expected | undefined, progress: Progress) => Promise<Put>,
): Promise<Put> {
  for (;;) {
    let told = 0;
    try {
      return await put(checks?.expected(path), (bytes) => {
        told += bytes;
        progress(bytes);
      });
    } catch (error) {
      if (!(error instanceof OtherBytes)) throw error;
      checks!.onOther(path, error.mixed);
      progress(-told);
    }
  }
}

export async function durable(path: string): Promise<void> {
  const there = await open(path, 'r');
  await using _there = closing(there);
  await makeDurable(there);
}

/** Undefined where there is nothing, or what is no file: whoever writes there tells that. */
export async function comparedTo(
  path: string,
  { source }: OpenPiece,
  signal: AbortSignal | undefined,
  expected?: Expected,
): Promise<Compared | undefined> {
  if (expected) {
    const lies = await whatLies(path, source.size, expected, signal);
    if (!lies) return undefined;
    await using there = await FileSource.open(path, NOT_FOLLOWED);
    const [one, other] = await Promise.all(
      [source, there].map((each) => readExactly(each, 0, expected.offset, signal)),
    );
    return { ...lies, same: Buffer.compare(one!, other!) === 0 };
  }
  const there = await FileSource.open(path, NOT_FOLLOWED).catch((error: unknown) => {
    if (isWeightsealError(error)) return undefined;
    throw error;
  });
  if (!there) return undefined;
  await using _there = there;
  return there.size === source.size ? await compare(source, there, signal) : undefined;
}

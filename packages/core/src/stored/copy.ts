import { checkKinds, checkPath } from '../common/arguments.js';
import { progressCounter } from '../common/progress.js';
import { throwIfAborted } from '../errors.js';
import { isReleaseDocument } from '../format/path.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import type { CopyChecks } from './checks.js';
import { FilePlace } from './file-place.js';
import { isThere } from './is-there.js';
import type { Copying, Piece } from './piece.js';
import type { Place } from './place.js';
import { rank } from './plan.js';
import { openCopying } from './source.js';
import { DirectoryPlace } from './to-disk.js';
import { StorePlace } from './to-store.js';
import type { Copied, CopyOptions, StoredAt } from './types.js';
import { withinBudget } from './within-budget.js';

/** What is on its way out of one large file takes so much memory. */
const MOST_BYTES = 134_217_728;
const AT_ONCE = 16;
/** A small file takes some, too, as it comes and as it goes. */
const LEAST_BYTES = 1_048_576;

/** See `public.ts`. */
export async function copySealed(from: StoredAt, to: StoredAt, options: CopyOptions = {}): Promise<Copied> {
  return await copyChecked(from, to, options, undefined);
}

/** See `public.ts`. */
export async function copyChecked(
  from: StoredAt,
  to: StoredAt,
  options: CopyOptions,
  checks: CopyChecks | undefined,
): Promise<Copied> {
  checkKinds(options, 'copySealed', { any: 'boolean' }, ['overwrite', 'signal', 'onProgress'], true);
  const { overwrite = false, any = false, signal, onProgress } = options;
  throwIfAborted(signal);
  const target = isLocation(to) ? to : checkPath(to, 'Where to copy');
  await using copying = await openCopying(from, any, signal);
  const { kind, pieces } = copying;
  const sealedSize = pieces.reduce((sum, { size }) => sum + size, 0);
  const progress = progressCounter(sealedSize, onProgress);
  const there =
    kind === 'bundle' && typeof target === 'string'
      ? await isThere(target, pieces, signal, checks)
      : undefined;
  if (there) {
    progress(sealedSize);
    return { kind, copied: 0, present: pieces.length, sealedSize, ...there };
  }
  await using place = await placeAt(target, copying, overwrite, signal, checks);
  if (kind === 'file') await checkBeside(pieces, place, signal);
  const seen = await putAll(copying, place, signal, progress);
  throwIfAborted(signal);
  await place.publish();
  return { kind, ...seen, sealedSize };
}

/** What stands beside a file comes after it, and must not be refused then. Where it would be, the file itself is told first. @throws OUTPUT_EXISTS */
async function checkBeside(
  [file, ...beside]: readonly Piece[],
  place: Place,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (const piece of beside) await place.check(piece, signal);
  } catch (error) {
    await place.check(file!, signal);
    throw error;
  }
}

async function placeAt(
  to: string | StoreLocation,
  { kind, pieces }: Copying,
  overwrite: boolean,
  signal: AbortSignal | undefined,
  checks: CopyChecks | undefined,
): Promise<Place> {
  if (typeof to !== 'string') return await StorePlace.open(to, pieces, kind, overwrite, signal);
  return kind === 'file'
    ? new FilePlace(to, overwrite, checks)
    : await DirectoryPlace.open(to, pieces, overwrite, checks);
}

/** Payloads, then the table, then the envelope: each when those before it are there. */
async function putAll(
  { kind, pieces }: Copying,
  place: Place,
  signal: AbortSignal | undefined,
  progress: (bytes: number) => void,
): Promise<Pick<Copied, 'copied' | 'present' | 'public'>> {
  let copied = 0;
  const open: string[] = [];
  const budget = {
    total: MOST_BYTES,
    weightOf: ({ size }: Piece) => Math.min(Math.max(2 * size, LEAST_BYTES), MOST_BYTES),
    atOnce: AT_ONCE,
  };
  for (const at of [0, 1, 2])
    await withinBudget(
      pieces.filter(({ path }) => rank(kind, path) === at),
      budget,
      signal,
      async (piece, ending) => {
        let told = 0;
        const put = await place.put(piece, ending, (bytes) => {
          told += bytes;
          progress(bytes);
        });
        if (put.copied) copied++;
        else progress(piece.size - told);
        if (at === 0 && piece.path !== '' && !put.sealed && !isReleaseDocument(piece.path))
          open.push(piece.path);
      },
    );
  return { copied, present: pieces.length - copied, public: open.sort() };
}

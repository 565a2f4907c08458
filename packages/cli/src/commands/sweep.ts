import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { isUri, Place } from '../place.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { duration } from '../values.js';

const WHY = {
  lives: 'its process lives',
  elsewhere: 'it is of another container; --elsewhere removes it',
  'in-use': 'a process still uses it',
  unfinished:
    'a seal, reseal or cp that was cut off goes on with it, and all of it is sealed; --unfinished removes it',
  unmarked: 'it lacks our mark, so it may not be what its name says; look into it, and remove it yourself',
  failed: 'it could not be removed',
  young: 'it was begun not long ago, and may go on; --older-than 1h removes what is older than that',
} as const;

interface Found {
  readonly removed: readonly string[];
  readonly kept: readonly {
    readonly path: string;
    readonly why: keyof typeof WHY;
    readonly left?: readonly string[];
  }[];
}

/** In directories what killed processes have left; in stores what was begun and not ended. */
export async function sweep(args: Args, session: Session): Promise<Result> {
  const uris = args.operands.filter(isUri);
  const paths = args.operands.filter((one) => !isUri(one));
  const minAgeMs = duration(args, 'older-than');
  checkFlags(args, uris, paths);
  const found: Found[] = [];
  if (paths.length > 0 || uris.length === 0) {
    const loader = await import('@weightseal/loader');
    const [elsewhere, unfinished] = [args.has('elsewhere'), args.has('unfinished')];
    found.push(
      await loader.sweep({ directories: paths.length > 0 ? paths : undefined, elsewhere, unfinished }),
    );
  }
  for (const uri of uris) found.push(await inStore(args, uri, minAgeMs, session));
  const removed = found.flatMap((one) => one.removed);
  const kept = found.flatMap((one) => one.kept);
  const lines = [
    ...removed.map((path) => `removed ${quote(path)}`),
    ...kept.flatMap(({ path, why, left = [] }) => [
      `kept ${quote(path)}: ${WHY[why]}`,
      ...left.filter((one) => one !== path).map((one) => `  left ${quote(one)}`),
    ]),
  ];
  return { value: { removed, kept }, lines: lines.length > 0 ? lines : ['nothing was left'] };
}

async function inStore(
  args: Args,
  uri: string,
  minAgeMs: number | undefined,
  { signal, waiting }: Session,
): Promise<Found> {
  await using place = await Place.of(args, uri);
  waiting(`looking through ${uri}`);
  const { sweepStore } = await core();
  const { removed, kept } = await sweepStore(place.location!, { minAgeMs, signal });
  return { removed, kept: kept.map((path) => ({ path, why: 'young' })) };
}

/** @throws CliError of class usage for an option that is for the other kind of place */
function checkFlags(args: Args, uris: readonly string[], paths: readonly string[]): void {
  if (uris.length === 0 && args.one('older-than') !== undefined)
    throw usageError(
      'sweep: --older-than is for stores, where nobody can tell what was cut off. Of a directory that is known.',
    );
  const local = ['elsewhere', 'unfinished'].find((flag) => args.has(flag));
  if (local === undefined || uris.length === 0 || paths.length > 0) return;
  throw usageError(
    `sweep: --${local} is for directories. In a store, --older-than says how long ago something must have been begun.`,
  );
}

import { usageError } from '../cli-error.js';
import { resealedAs } from '../commands/reseal.js';
import { core } from '../core.js';
import { isUri, Place, refuseInStore } from '../place.js';
import { changeOf, recipientLines } from '../recipients.js';
import { releaseOf } from '../release-options.js';
import { shellWord } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { sayWaiting } from '../waiting.js';
import { count } from './notes.js';

export async function resealDirectory(args: Args, session: Session, from: Place): Promise<Result> {
  const { text: path } = from;
  await using to = await outputOf(args, from);
  if (to.location) refuseInStore(args, 'no-resume', to, 'there no reseal goes on with one that was cut off.');
  const { resealBundle } = await core();
  const onProgress = await session.progress('resealing');
  const { options, used } = await changeOf(args, 'reseal');
  const resealed = await resealBundle(from.at, {
    ...options,
    ...(to.location ? { output: to.location } : { resume: !args.has('no-resume') }),
    release: releaseOf(args),
    signal: session.signal,
    onProgress,
    onWait: sayWaiting(path, session.quiet),
  });
  return {
    value: { input: path, output: to.text, ...used, ...resealed },
    lines: [
      `resealed ${resealedAs(from, to)}, id ${resealed.id}; these keys open it now:`,
      ...recipientLines(resealed),
      ...(resealed.resumed > 0
        ? [`Not encrypted again: ${count(resealed.resumed, 'file')} of a reseal that was cut off`]
        : []),
    ],
  };
}

/** A bundle in a store is not replaced in its place, and a directory only there. */
async function outputOf(args: Args, from: Place): Promise<Place> {
  const to = args.one('output');
  if (to === undefined) {
    if (!from.location) return from;
    throw usageError(
      `reseal: A bundle in a store is not replaced in its place, since readers would find parts of two. Name where the new one goes, -o ${shellWord(`${from.text.replace(/\/$/, '')}-2`)}, and remove the old one when nobody reads it any more.`,
    );
  }
  if (isUri(to)) return await Place.of(args, to);
  throw usageError(
    'reseal: A bundle is resealed in its place, or into a store (-o s3://…). `weightseal cp` brings it to another directory.',
  );
}

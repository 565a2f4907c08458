import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { Place } from '../place.js';
import { changeOf, recipientLines } from '../recipients.js';
import { manifestOf, oldSignature } from '../release-options.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { pathOf } from '../values.js';
import { sayWaiting } from '../waiting.js';

export async function reseal(args: Args, session: Session, from: Place): Promise<Result> {
  const library = await core();
  const path = pathOf(args, 'reseal');
  await using to = await outputOf(args, from);
  const onProgress = await session.progress('resealing');
  const { options, used } = await changeOf(args, 'reseal');
  const resealed = await library.reseal(from.at, {
    ...options,
    ...manifestOf(args, 'reseal'),
    ...(to !== from && { output: to.at, overwrite: args.has('force') }),
    signal: session.signal,
    onProgress,
    onWait: sayWaiting(path, session.quiet),
  });
  return {
    value: { input: path, output: to.text, ...used, ...resealed },
    lines: [
      `resealed ${resealedAs(from, to)}, id ${resealed.id}; these keys open it now:`,
      ...recipientLines(resealed),
    ],
    notes: [oldSignature(to)],
  };
}

/** The same place where no other is named. */
async function outputOf(args: Args, from: Place): Promise<Place> {
  const to = args.one('output');
  if (to === '-')
    throw usageError(
      'reseal: The new file is verified before it appears, and so cannot go to stdout. Name one with -o.',
    );
  return to === undefined ? from : await Place.of(args, to);
}

export function resealedAs(from: Place, to: Place): string {
  return from === to ? quote(from.text) : `${quote(from.text)} as ${quote(to.text)}`;
}

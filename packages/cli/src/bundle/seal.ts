import type { SealBundleOptions, SealedBundle } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { keysToSeal } from '../keys.js';
import { note } from '../notes.js';
import { openCommand, openingKey } from '../open-command.js';
import { Place, refuseInStore } from '../place.js';
import { releaseOf } from '../release-options.js';
import { quote, shellWord, size } from '../text.js';
import { trustFor } from '../trust.js';
import type { Args, Result, Session } from '../types.js';
import { wholeNumber } from '../values.js';
import { sayWaiting } from '../waiting.js';
import { asPath, count, incompleteNote, leftOutNote, named, unmatchedNote } from './notes.js';
import { besideDirectory, PlainDirectory } from './plain-directory.js';

export async function sealDirectory(args: Args, session: Session, _: Place): Promise<Result> {
  const output = args.one('output') ?? besideDirectory(args.operand);
  if (output === '-')
    throw usageError(
      'seal: A directory is sealed into a directory, which cannot go to stdout. Name one with -o, or pack it first: tar c DIR | weightseal seal - -o -.',
    );
  const segmentLength = wholeNumber(args, 'segment-length');
  await using to = await Place.of(args, output);
  refuseInStore(args, 'no-resume', to, 'there no seal goes on with one that was cut off.');
  refuseInStore(
    args,
    'force',
    to,
    "there a bundle takes nothing's place. Seal each version to a name of its own.",
  );
  await using reuse = await reusedOf(args);
  await using plain = await PlainDirectory.at(args.operand);
  if (!to.location) plain.checkOutside(output);
  const { keys, context, config, used } = await keysToSeal(args, plain.place);
  const leftOut: SealedBundle['leftOut'][number][] = [];
  let told = false;
  // All that is left out is known before the first byte is read.
  const tell = () => {
    const text = told ? undefined : leftOutNote(leftOut);
    told = true;
    if (text !== undefined) note(args, text);
  };
  const onProgress = await session.progress('sealing');
  const options: SealBundleOptions = {
    keys,
    context,
    segmentLength,
    name: args.one('name') ?? plain.name,
    include: args.many('include'),
    exclude: args.many('exclude'),
    public: args.many('public'),
    hideNames: args.has('hide-names'),
    overwrite: args.has('force'),
    sealAgain: args.has('seal-again'),
    ...(to.location ? {} : { resume: !args.has('no-resume') }),
    ...(reuse && { reuse: reuse.at, trust: await trustFor(args, config) }),
    release: releaseOf(args),
    onWait: sayWaiting(output, session.quiet, 'seal to'),
    signal: session.signal,
    onLeftOut: (one) => leftOut.push(one),
    onIncomplete: (one) => {
      tell();
      note(args, incompleteNote(one));
    },
    onProgress: (progress) => {
      tell();
      onProgress?.(progress);
    },
  };
  const { sealBundle } = await core();
  const sealed = await plain.named(sealBundle(plain.place, to.at, options));
  tell();
  for (const one of sealed.unmatched) note(args, unmatchedNote(one));
  const command = openCommand(args, output, openingKey(args, used), context);
  return {
    value: {
      input: args.operand,
      output,
      ...used,
      ...sealed,
      incomplete: sealed.incomplete.map(asPath),
      openCommand: command,
    },
    lines: [
      `sealed ${count(sealed.members, 'member')}, ${size(sealed.size)}, as ${quote(output)}, id ${sealed.id}`,
      ...kept(sealed),
      ...(sealed.public.length > 0 ? [`For everybody to read: ${named(sealed.public)}`] : []),
      'To open it:',
      `  ${command.map(shellWord).join(' ')}`,
    ],
  };
}

async function reusedOf(args: Args): Promise<Place | undefined> {
  const named = args.one('reuse');
  return named === undefined ? undefined : await Place.of(args, named);
}

function kept({ resumed, reused }: SealedBundle): string[] {
  const files = [
    ...(resumed > 0 ? [`${count(resumed, 'file')} of a seal that was cut off`] : []),
    ...(reused > 0 ? [`${count(reused, 'file')} of the older bundle`] : []),
  ];
  return files.length > 0 ? [`Not sealed again: ${files.join(', ')}`] : [];
}

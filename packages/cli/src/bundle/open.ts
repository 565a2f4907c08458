import { usageError } from '../cli-error.js';
import { checkOnDisk } from '../commands/open.js';
import { core } from '../core.js';
import { uncheckedContext } from '../notes.js';
import type { Place } from '../place.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { count, extraNote } from './notes.js';
import { globs, openingOf } from './opening.js';

export async function openDirectory(args: Args, session: Session, { at }: Place): Promise<Result> {
  const output = args.one('output')!;
  checkOnDisk(output);
  if (output === '-')
    throw usageError(
      'open: A bundle is opened into a directory, which cannot go to stdout. Name one with -o.',
    );
  const { options, used } = await openingOf(args, session, 'open');
  const onProgress = await session.progress('opening');
  const { openBundle } = await core();
  await using bundle = await openBundle(at, options);
  const opened = await bundle.openTo(output, {
    only: globs(args, 'only'),
    digest: args.has('check-digest') || undefined,
    overwrite: args.has('force'),
    signal: session.signal,
    onProgress,
  });
  return {
    value: { input: args.operand, output, ...used, ...opened, contextChecked: options.context !== undefined },
    lines: [`opened ${count(opened.members, 'member')}, ${size(opened.size)}, into ${quote(output)}`],
    notes: [
      options.context ? undefined : uncheckedContext(opened.context, 'bundle'),
      extraNote(opened.extra),
    ],
  };
}

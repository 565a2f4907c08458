import type { Copied } from '@weightseal/core';
import { fs, path as paths } from '../builtins.js';
import { count, named } from '../bundle/notes.js';
import { CliError, usageError } from '../cli-error.js';
import { core } from '../core.js';
import { isUri, Place } from '../place.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';

const GOES_ON = 'What is whole stays; the same command goes on.';

export async function cp(args: Args, session: Session): Promise<Result> {
  const [input, given] = args.operands as [string, string];
  if ([input, given].includes('-'))
    throw usageError('cp: It takes places, and no standard input or output. (A file named - is ./-.)');
  await using from = await Place.of(args, input);
  const kind = await from.kind(session.signal);
  if (kind === 'directory' && args.has('any'))
    throw usageError(
      `cp: --any is for files, and ${quote(input)} is a bundle or a directory. Of directories only bundles are copied.`,
    );
  await using named = await Place.of(args, given);
  const output =
    kind === 'directory' && !/^(.*\/)?\.{1,2}\/?$/.test(given) ? given : intoDirectory(input, named);
  await using to = output === given ? named : await Place.of(args, output);
  const { copySealed } = await core();
  const copied = await copySealed(from.at, to.at, {
    overwrite: args.has('force'),
    any: args.has('any'),
    signal: session.signal,
    onProgress: await session.progress('copying'),
  }).catch((error: unknown) => {
    if (!session.signal.aborted) throw error;
    throw new CliError('ABORTED', 'aborted', GOES_ON, { cause: error });
  });
  return {
    value: { input, output, ...copied },
    lines: [told(copied, output)],
    notes: [readable(copied)],
  };
}

/** A file goes into a directory that is there, into a store, and below what ends in a slash, under its own name; a bundle becomes what is named, but for `.` and `..`, which cannot become one. */
function intoDirectory(input: string, { text: output, location, endsInSlash }: Place): string {
  const isDirectory = location
    ? location.key === ''
    : (fs.statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? false);
  if (!endsInSlash && !isDirectory) return output;
  // A slash at the end is no part of the name.
  const name = paths.posix.basename(isUri(input) ? input : paths.resolve(input));
  return `${output.replace(/(?<=[^/])\/$/, '')}/${name}`;
}

function told({ kind, copied, present, sealedSize }: Copied, output: string): string {
  const what = kind === 'bundle' ? `a bundle of ${count(copied + present, 'file')}, ` : '';
  if (copied === 0) return `${quote(output)} is there already: ${what}${size(sealedSize)}`;
  const rest =
    present > 0 ? `; ${count(present, 'file')} of it ${present === 1 ? 'was' : 'were'} there already` : '';
  return `copied ${what}${size(sealedSize)}, to ${quote(output)}${rest}`;
}

/** For those who may believe that all of a bundle is sealed, and put it where everybody can read. */
function readable({ public: files }: Copied): string | undefined {
  if (files.length === 0) return undefined;
  return `not encrypted, and for everybody to read who can read there: ${named(files)}. Of a bundle that is its public members, and whatever else lies in it (\`weightseal verify\` tells).`;
}

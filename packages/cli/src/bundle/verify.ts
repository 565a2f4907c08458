import { core } from '../core.js';
import { uncheckedContext } from '../notes.js';
import type { Place } from '../place.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { count, extraNote } from './notes.js';
import { globs, openingOf } from './opening.js';

export async function verifyDirectory(
  args: Args,
  session: Session,
  { text: input, at }: Place,
): Promise<Result> {
  const { verifyBundle } = await core();
  const { options, used } = await openingOf(args, session, 'verify');
  const only = globs(args, 'only');
  const verified = await verifyBundle(at, {
    ...options,
    only,
    digest: !args.has('no-digest'),
    onProgress: await session.progress('verifying'),
  });
  const digests = verified.digestVerified ? ', digests compared' : '';
  const members = count(verified.members, 'member');
  return {
    value: { input, ...used, ...verified, contextChecked: options.context !== undefined },
    lines: [
      `verified ${quote(input)}: ${only ? `${members} of it` : `all ${members}`}, ${size(verified.size)}, are as they were sealed${digests}`,
    ],
    notes: [
      options.context ? undefined : uncheckedContext(verified.context, 'bundle'),
      extraNote(verified.extra),
    ],
  };
}

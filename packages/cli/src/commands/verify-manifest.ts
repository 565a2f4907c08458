import { count } from '../bundle/notes.js';
import { globs } from '../bundle/opening.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { Place } from '../place.js';
import { quote, size } from '../text.js';
import type { Args, Result, Run, Session } from '../types.js';

const WITH_KEY = ['key', 'context', 'only', 'no-digest', 'strict'] as const;

/** `verify`, and with --no-key what anybody can see. */
export function withoutKey(verify: Run): Run {
  return async (args, session) =>
    args.has('no-key') ? await verifyManifest(args, session) : await verify(args, session);
}

async function verifyManifest(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const wrong = WITH_KEY.find((flag) => args.has(flag) || args.many(flag).length > 0);
  if (wrong !== undefined)
    throw usageError(`verify: --${wrong} is for a check with a key, and --no-key asks for one without.`);
  if (input === '-')
    throw usageError('verify: --no-key compares with a manifest, and standard input has none beside it.');
  const library = await core();
  await using place = await Place.of(args, input);
  const { manifest, ...checked } = await library.verifyManifest(place.at, {
    allowExtra: globs(args, 'allow-extra'),
    signal: session.signal,
    onProgress: await session.progress('comparing'),
  });
  const { name, version, created, context, previous } = manifest;
  const called = [name, version].filter((one) => one !== undefined).map((one) => quote(one));
  return {
    value: { input, ...checked, name, version, created, context, previous },
    lines: [
      `compared ${quote(input)}: ${count(checked.files, 'file')}, ${size(checked.size)}, ${checked.files === 1 ? 'is' : 'are'} as the manifest says${called.length > 0 ? `, of ${called.join(' ')}` : ''}`,
    ],
    notes: [
      'no signature was checked: whoever can write there could have made the manifest too (`weightseal verify-signature`).',
    ],
  };
}

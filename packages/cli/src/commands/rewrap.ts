import { core } from '../core.js';
import type { Place } from '../place.js';
import { changeOf, recipientLines } from '../recipients.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { pathOf } from '../values.js';
import { sayWaiting } from '../waiting.js';

export async function rewrap(args: Args, session: Session, { at }: Place): Promise<Result> {
  const library = await core();
  const path = pathOf(args, 'rewrap');
  const { options, used } = await changeOf(args, 'rewrap');
  const rewrapped = await library.rewrap(at, {
    ...options,
    grow: args.has('grow'),
    signal: session.signal,
    onProgress: await session.progress('rewrapping'),
    onWait: sayWaiting(path, session.quiet),
  });
  return {
    value: { input: path, output: path, ...used, ...rewrapped },
    lines: [`rewrapped ${quote(path)}; these keys open it now:`, ...recipientLines(rewrapped)],
  };
}

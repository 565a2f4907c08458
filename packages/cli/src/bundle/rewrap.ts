import { core } from '../core.js';
import type { Place } from '../place.js';
import { changeOf, recipientLines } from '../recipients.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { sayWaiting } from '../waiting.js';

export async function rewrapDirectory(
  args: Args,
  session: Session,
  { text: path, at }: Place,
): Promise<Result> {
  const { rewrapBundle } = await core();
  const { options, used } = await changeOf(args, 'rewrap');
  const rewrapped = await rewrapBundle(at, {
    ...options,
    signal: session.signal,
    onWait: sayWaiting(path, session.quiet),
  });
  return {
    value: { input: path, output: path, ...used, ...rewrapped },
    lines: [`rewrapped ${quote(path)}; these keys open it now:`, ...recipientLines(rewrapped)],
  };
}

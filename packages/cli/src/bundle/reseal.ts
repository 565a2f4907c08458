import { core } from '../core.js';
import { changeOf, recipientLines } from '../recipients.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { sayWaiting } from '../waiting.js';
import { count } from './notes.js';

export async function resealDirectory(args: Args, session: Session): Promise<Result> {
  const { operand: path } = args;
  const { resealBundle } = await core();
  const onProgress = await session.progress('resealing');
  const { options, used } = await changeOf(args, 'reseal');
  const resealed = await resealBundle(path, {
    ...options,
    resume: !args.has('no-resume'),
    signal: session.signal,
    onProgress,
    onWait: sayWaiting(path, session.quiet),
  });
  return {
    value: { input: path, output: path, ...used, ...resealed },
    lines: [
      `resealed ${quote(path)}, id ${resealed.id}; these keys open it now:`,
      ...recipientLines(resealed),
      ...(resealed.resumed > 0
        ? [`Not encrypted again: ${count(resealed.resumed, 'file')} of a reseal that was cut off`]
        : []),
    ],
  };
}

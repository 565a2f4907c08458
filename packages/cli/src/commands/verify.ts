import { core } from '../core.js';
import { keysToOpen } from '../keys.js';
import { uncheckedContext, unequalCopies } from '../notes.js';
import type { Place } from '../place.js';
import { stdin } from '../stdin.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { contextOf } from '../values.js';

export async function verify(args: Args, session: Session, { at }: Place): Promise<Result> {
  const library = await core();
  const { operand: input } = args;
  const context = contextOf(args);
  const { keys, hedgeMs, trust, used } = await keysToOpen(args, 'verify');
  const verified = await library.verify(input === '-' ? stdin() : at, {
    context,
    keys,
    hedgeMs,
    trust,
    digest: !args.has('no-digest'),
    strict: args.has('strict'),
    signal: session.signal,
    onProgress: await session.progress('verifying'),
  });
  const digest = verified.digestVerified ? ', digest compared' : '';
  return {
    value: { input, ...used, ...verified, contextChecked: context !== undefined },
    lines: [`verified ${quote(input)}: all ${size(verified.size)} are as they were sealed${digest}`],
    notes: [context ? undefined : uncheckedContext(verified.context), unequalCopies(verified)],
  };
}

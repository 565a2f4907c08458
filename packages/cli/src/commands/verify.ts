import { verify } from '@weightseal/core';
import { resolveKeys } from '../key-uri.js';
import { uncheckedContext } from '../notes.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { contextOf } from '../values.js';

export async function run(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const context = contextOf(args);
  const verified = await verify(input === '-' ? process.stdin : input, {
    context,
    keys: await resolveKeys(args.many('key')),
    digest: !args.has('no-digest'),
    signal: session.signal,
    onProgress: await session.progress('verifying'),
  });
  const digest = verified.digestVerified ? ', digest compared' : '';
  return {
    value: { input, ...verified },
    lines: [`verified ${quote(input)}: all ${size(verified.size)} are as they were sealed${digest}`],
    note: context ? undefined : uncheckedContext(verified.context),
  };
}

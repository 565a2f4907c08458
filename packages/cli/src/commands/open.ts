import type { OpenOptions } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { resolveKeys } from '../key-uri.js';
import { uncheckedContext } from '../notes.js';
import { pour } from '../output.js';
import { stdin } from '../stdin.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { contextOf } from '../values.js';

export async function open(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output')!;
  const digest = args.has('check-digest');
  if (output === '-' && digest)
    throw usageError('open: --check-digest compares before a file appears; to stdout nothing is held back.');
  const options: OpenOptions = {
    context: contextOf(args),
    keys: await resolveKeys(args.many('key')),
    signal: session.signal,
    onProgress: await session.progress('opening'),
  };
  if (output === '-') return await openToStdout(input, options, session.signal);
  const overwrite = args.has('force');
  const { openToFile } = await core();
  const opened = await openToFile(input === '-' ? stdin() : input, output, {
    ...options,
    digest,
    overwrite,
  });
  return {
    value: { output, ...opened },
    lines: [`opened ${size(opened.size)} into ${quote(output)}`],
    note: options.context ? undefined : uncheckedContext(opened.context),
  };
}

async function openToStdout(input: string, options: OpenOptions, signal: AbortSignal): Promise<Result> {
  const { inspect, openToStream } = await core();
  const stream = openToStream(input === '-' ? stdin() : input, options);
  const written = await pour(stream, signal);
  // A stream's context is known to nobody but the engine; a file can be asked again.
  const unchecked = !options.context && input !== '-' ? (await inspect(input)).context : {};
  return {
    value: { output: '-', size: written },
    lines: [],
    stdoutTaken: true,
    note: uncheckedContext(unchecked),
  };
}

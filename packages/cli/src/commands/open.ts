import type { OpenOptions } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { keysToOpen } from '../keys.js';
import { noDigest, uncheckedContext } from '../notes.js';
import { pour } from '../output.js';
import { isUri, type Place } from '../place.js';
import { stdin } from '../stdin.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { contextOf } from '../values.js';

export async function open(args: Args, session: Session, { at }: Place): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output')!;
  checkOnDisk(output);
  const digest = args.has('check-digest');
  if (output === '-' && digest)
    throw usageError('open: --check-digest compares before a file appears; to stdout nothing is held back.');
  const { keys, hedgeMs, trust, used } = await keysToOpen(args, 'open');
  const options: OpenOptions = {
    context: contextOf(args),
    keys,
    hedgeMs,
    trust,
    signal: session.signal,
    onProgress: await session.progress('opening'),
  };
  if (output === '-') return await openToStdout(input, at, options, session.signal, used);
  const overwrite = args.has('force');
  const { openToFile } = await core();
  const opened = await openToFile(input === '-' ? stdin() : at, output, {
    ...options,
    digest,
    overwrite,
  });
  return {
    value: { input, output, ...used, ...opened, contextChecked: options.context !== undefined },
    lines: [`opened ${size(opened.size)} into ${quote(output)}`],
    notes: [
      options.context ? undefined : uncheckedContext(opened.context),
      digest ? noDigest(opened) : undefined,
    ],
  };
}

/** Plaintext goes to no store. @throws CliError of class usage */
export function checkOnDisk(output: string): void {
  if (!isUri(output)) return;
  throw usageError(
    'open: What is opened is plaintext, and that is not written to a store. `weightseal cp` copies a model as it is sealed; -o - gives the plaintext to another program.',
  );
}

async function openToStdout(
  input: string,
  at: Place['at'],
  options: OpenOptions,
  signal: AbortSignal,
  used: object,
): Promise<Result> {
  const { openToStream } = await core();
  const stream = openToStream(input === '-' ? stdin() : at, options);
  const written = await pour(stream, signal);
  return {
    value: { input, output: '-', ...used, size: written, contextChecked: options.context !== undefined },
    lines: [],
    stdoutTaken: true,
    notes: options.context ? [] : [uncheckedContext()],
  };
}

import type { Sealed, SealOptions } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { keysToSeal } from '../keys.js';
import { pour } from '../output.js';
import { stdin } from '../stdin.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { wholeNumber } from '../values.js';

export async function seal(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output') ?? besides(input);
  const segmentLength = wholeNumber(args, 'segment-length');
  const { keys, context, used } = await keysToSeal(args);
  const options: SealOptions = {
    context,
    segmentLength,
    name: args.one('name'),
    keys,
    signal: session.signal,
    onProgress: await session.progress('sealing'),
  };
  if (output === '-') return await sealToStdout(input, options, session.signal, used);
  const digest = !args.has('no-digest');
  const overwrite = args.has('force');
  const { sealToFile } = await core();
  const sealed = await sealToFile(input === '-' ? stdin() : input, output, {
    ...options,
    digest,
    overwrite,
  });
  return { value: { output, ...used, ...sealed }, lines: [summary(output, sealed)] };
}

function besides(input: string): string {
  if (input !== '-') return `${input}.sealed`;
  throw usageError(
    'seal: stdin has no name to derive one from; say where to with -o <file>, or -o - for stdout.',
  );
}

async function sealToStdout(
  input: string,
  options: SealOptions,
  signal: AbortSignal,
  used: object,
): Promise<Result> {
  const { sealToStream } = await core();
  const sealedSize = await pour(sealToStream(input === '-' ? stdin() : input, options), signal);
  return {
    value: { output: '-', ...used, sealedSize },
    lines: [],
    stdoutTaken: true,
  };
}

function summary(output: string, sealed: Sealed): string {
  return `sealed ${size(sealed.size)} as ${quote(output)}, id ${sealed.id}`;
}

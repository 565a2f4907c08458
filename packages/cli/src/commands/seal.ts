import type { InputBytes, Sealed, SealOptions } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { keysToSeal } from '../keys.js';
import { pour } from '../output.js';
import { PlainInput } from '../plain-input.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { wholeNumber } from '../values.js';

export async function seal(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output') ?? besides(input);
  const segmentLength = wholeNumber(args, 'segment-length');
  await using plain = await PlainInput.at(input);
  const { keys, context, used } = await keysToSeal(args, plain.place);
  const { bytes, name } = await plain.open();
  const options: SealOptions = {
    context,
    segmentLength,
    name: args.one('name') ?? name,
    keys,
    signal: session.signal,
    onProgress: await session.progress('sealing'),
  };
  if (output === '-') return await sealToStdout(bytes, options, session.signal, used);
  const digest = !args.has('no-digest');
  const overwrite = args.has('force');
  const { sealToFile } = await core();
  const sealed = await sealToFile(bytes, output, {
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
  input: InputBytes,
  options: SealOptions,
  signal: AbortSignal,
  used: object,
): Promise<Result> {
  const { sealToStream } = await core();
  const sealedSize = await pour(sealToStream(input, options), signal);
  return {
    value: { output: '-', ...used, sealedSize },
    lines: [],
    stdoutTaken: true,
  };
}

function summary(output: string, sealed: Sealed): string {
  return `sealed ${size(sealed.size)} as ${quote(output)}, id ${sealed.id}`;
}

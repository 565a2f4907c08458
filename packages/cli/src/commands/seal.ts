import type { InputBytes, OnProgress, Sealed, SealOptions } from '@weightseal/core';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { keysToSeal } from '../keys.js';
import { openCommand, openingKey } from '../open-command.js';
import { pour } from '../output.js';
import { Place } from '../place.js';
import { PlainInput } from '../plain-input.js';
import { manifestOf, oldSignature } from '../release-options.js';
import { quote, shellWord, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { wholeNumber } from '../values.js';

const NOT_BESIDE_STDOUT =
  'seal: A manifest lies beside the sealed file, and beside stdout nothing lies; -o <file>.';

export async function seal(args: Args, session: Session, from: Place): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output') ?? besides(input);
  const segmentLength = wholeNumber(args, 'segment-length');
  await using to = await Place.of(args, output);
  await using plain = await PlainInput.at(from);
  const told = manifestOf(args, 'seal');
  if (output === '-' && told.release) throw usageError(NOT_BESIDE_STDOUT);
  const { keys, context, used } = await keysToSeal(args, plain.place);
  const { bytes, name } = await plain.open();
  const options: SealOptions = {
    context,
    segmentLength,
    name: args.one('name') ?? name,
    keys,
    sealAgain: args.has('seal-again'),
    signal: session.signal,
    onProgress: await session.progress('sealing'),
  };
  const toOpen = () => openCommand(args, output, openingKey(args, used), context);
  if (output === '-') return await sealToStdout(args, bytes, options, session.signal, used, toOpen());
  const digest = !args.has('no-digest');
  const overwrite = args.has('force');
  const { sealToFile } = await core();
  const sealed = await sealToFile(bytes, to.at, {
    ...options,
    ...told,
    digest,
    overwrite,
  });
  const command = toOpen();
  return {
    value: { input, output, ...used, ...sealed, openCommand: command },
    lines: [summary(output, sealed), 'To open it:', `  ${command.map(shellWord).join(' ')}`],
    notes: [emptyInput(input, sealed.size), oldSignature(to)],
  };
}

function besides(input: string): string {
  if (input !== '-') return `${input}.sealed`;
  throw usageError(
    'seal: stdin has no name to derive one from; say where to with -o <file>, or -o - for stdout.',
  );
}

async function sealToStdout(
  { operand }: Args,
  input: InputBytes,
  options: SealOptions,
  signal: AbortSignal,
  used: object,
  command: readonly string[],
): Promise<Result> {
  const { sealToStream } = await core();
  let size = 0;
  const onProgress: OnProgress = (progress) => {
    size = progress.bytes;
    options.onProgress?.(progress);
  };
  const sealedSize = await pour(sealToStream(input, { ...options, onProgress }), signal);
  return {
    value: { input: operand, output: '-', ...used, sealedSize, openCommand: command },
    lines: [],
    notes: [emptyInput(operand, size)],
    stdoutTaken: true,
  };
}

/** The program before a pipe may have failed, which nobody here hears of. */
function emptyInput(input: string, bytes: number): string | undefined {
  if (bytes > 0) return undefined;
  return `${input === '-' ? 'standard input' : quote(input)} was empty, so what was sealed has 0 B. If that is not what you meant, look at where it comes from.`;
}

function summary(output: string, sealed: Sealed): string {
  return `sealed ${size(sealed.size)} as ${quote(output)}, id ${sealed.id}`;
}

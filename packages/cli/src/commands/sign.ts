import { count } from '../bundle/notes.js';
import { usageError } from '../cli-error.js';
import { Place } from '../place.js';
import { releaseOf } from '../release-options.js';
import { signingOf } from '../signing.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';

const OF_PLAIN = 'sign: -o is for --plain: the signature of what is sealed lies in it, or beside it.';

export async function sign(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  if (input === '-')
    throw usageError('sign: Standard input lies nowhere, so no signature can lie beside it.');
  if (args.has('plain')) return await signPlain(args, session);
  if (args.one('output') !== undefined) throw usageError(OF_PLAIN);
  const how = await signingOf(args, 'sign');
  await using place = await Place.of(args, input);
  const { signRelease } = await import('@weightseal/release');
  const signed = await signRelease(place.at, how, {
    overwrite: args.has('force'),
    release: releaseOf(args),
    signal: session.signal,
    onProgress: await session.progress('reading'),
  });
  const called = [signed.name, signed.version].filter((one) => one !== undefined).map(quote);
  return {
    value: { input, ...signed },
    lines: [
      `signed ${quote(input)}${called.length > 0 ? `, ${called.join(' ')}` : ''}: ${count(signed.files, 'file')}, manifest ${signed.digest}`,
    ],
  };
}

async function signPlain(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const output = args.one('output');
  if (output === undefined)
    throw usageError('sign: With --plain it needs -o <file>, where the signature goes (model.sig, say).');
  const how = await signingOf(args, 'sign');
  const { signDirectory } = await import('@weightseal/release');
  const files = await signDirectory(input, output, how, {
    overwrite: args.has('force'),
    signal: session.signal,
    onProgress: await session.progress('reading'),
  });
  return {
    value: { input, output, files },
    lines: [`signed ${quote(input)}: ${count(files, 'file')}, as ${quote(output)}`],
  };
}

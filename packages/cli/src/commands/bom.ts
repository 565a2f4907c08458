import { count } from '../bundle/notes.js';
import { usageError } from '../cli-error.js';
import { Place } from '../place.js';
import { signersOf } from '../signing.js';
import { printable, quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { writeDocument } from '../write-document.js';

const SIGNER_FLAGS = ['public-key', 'root', 'identity', 'issuer', 'trusted-root'] as const;

export async function bom(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const { signal } = session;
  if (input === '-') throw usageError('bom: Standard input lies nowhere, so no manifest can lie beside it.');
  const named = SIGNER_FLAGS.some((flag) => args.many(flag).length > 0);
  const signers = named ? await signersOf(args, 'bom') : undefined;
  await using place = await Place.of(args, input);
  const { bomOf } = await import('@weightseal/release');
  const recipients = !args.has('no-recipients');
  const made = await bomOf(place.at, { signers, recipients, signal });
  // In JSON the escapes mean the same characters.
  const lines = made.trimEnd().split('\n').map(printable);
  const document = JSON.parse(made) as { readonly components: readonly object[] };
  const note = signers
    ? undefined
    : 'no signature was checked: the document says so. Name a signer (--public-key, --root, --issuer).';
  const output = args.one('output');
  if (output === undefined || output === '-')
    return {
      value: { input, bom: document },
      lines,
      essential: true,
      notes: [note],
    };
  await writeDocument(args, output, `${lines.join('\n')}\n`, signal);
  const files = document.components.length;
  return {
    value: { input, output, files },
    lines: [`wrote ${quote(output)}: ${count(files, 'file')} of ${quote(input)}`],
    notes: [note],
  };
}

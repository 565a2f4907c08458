import { quote } from '../text.js';
import type { Args, Result } from '../types.js';
import { pathOf } from '../values.js';

export async function devCa(args: Args): Promise<Result> {
  const { writeDevCa } = await import('@weightseal/transit');
  const output = pathOf(args, 'dev-ca');
  const { files, notAfter } = await writeDevCa(output, {
    name: args.one('name'),
    force: args.has('force'),
    keepRootKey: args.has('keep-root-key'),
  });
  const expires = notAfter.toISOString();
  return {
    value: { output, files: files.length, expires },
    lines: [`wrote ${files.join(', ')} into ${quote(output)}; they count until ${expires}`],
    notes: [
      'for development only: programs take these where they set allowDevelopment, and on this machine.',
    ],
  };
}

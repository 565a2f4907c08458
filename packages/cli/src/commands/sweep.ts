import { quote } from '../text.js';
import type { Args, Result } from '../types.js';

const WHY = {
  lives: 'its process lives',
  elsewhere: 'it is of another container; --elsewhere removes it',
  'in-use': 'a process still uses it',
  failed: 'it could not be removed',
} as const;

export async function sweep(args: Args): Promise<Result> {
  const loader = await import('@weightseal/loader');
  const directories = args.operands.length > 0 ? args.operands : undefined;
  const { removed, kept } = await loader.sweep({ directories, elsewhere: args.has('elsewhere') });
  const lines = [
    ...removed.map((path) => `removed ${quote(path)}`),
    ...kept.map(({ path, why }) => `kept ${quote(path)}: ${WHY[why]}`),
  ];
  return { value: { removed, kept }, lines: lines.length > 0 ? lines : ['nothing was left'] };
}

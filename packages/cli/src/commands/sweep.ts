import { quote } from '../text.js';
import type { Args, Result } from '../types.js';

const WHY = {
  lives: 'its process lives',
  elsewhere: 'it is of another container; --elsewhere removes it',
  'in-use': 'a process still uses it',
  unfinished:
    'a seal or reseal that was cut off goes on with it, and all of it is sealed; --unfinished removes it',
  unmarked: 'it lacks our mark, so it may not be what its name says; look into it, and remove it yourself',
  failed: 'it could not be removed',
} as const;

export async function sweep(args: Args): Promise<Result> {
  const loader = await import('@weightseal/loader');
  const directories = args.operands.length > 0 ? args.operands : undefined;
  const { removed, kept } = await loader.sweep({
    directories,
    elsewhere: args.has('elsewhere'),
    unfinished: args.has('unfinished'),
  });
  const lines = [
    ...removed.map((path) => `removed ${quote(path)}`),
    ...kept.flatMap(({ path, why, left = [] }) => [
      `kept ${quote(path)}: ${WHY[why]}`,
      ...left.filter((one) => one !== path).map((one) => `  left ${quote(one)}`),
    ]),
  ];
  return { value: { removed, kept }, lines: lines.length > 0 ? lines : ['nothing was left'] };
}

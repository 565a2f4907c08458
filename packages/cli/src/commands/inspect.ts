import type { Inspection } from '@weightseal/core';
import { core } from '../core.js';
import type { Place } from '../place.js';
import { list, quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { pathOf } from '../values.js';

const WIDTH = 12;

export async function inspect(args: Args, { signal }: Session, { at }: Place): Promise<Result> {
  const library = await core();
  const input = pathOf(args, 'inspect');
  const inspection = await library.inspect(at, { signal });
  return { value: { input, ...inspection }, lines: describe(inspection), essential: true };
}

function describe(file: Inspection): string[] {
  return [
    `format      weightseal ${file.formatVersion}, ${quote(file.algorithm)}`,
    `id          ${file.id}`,
    ...list(
      'context',
      Object.entries(file.context).map(([name, value]) => `${quote(name)}: ${quote(value)}`),
      WIDTH,
    ),
    ...list(
      'keys',
      file.recipients.map(
        (one) => `${quote(one.keyUri)}, ${quote(one.algorithm)}, version ${quote(one.keyVersion)}`,
      ),
      WIDTH,
    ),
    `plaintext   ${size(file.size)}`,
    `sealed      ${size(file.sealedSize)}; segments of ${size(file.segmentLength)}: ${file.segments}`,
    `envelope    generation ${file.generation}, ${file.copiesEqual ? 'both copies whole' : 'one copy is damaged or older; `rewrap` mends it'}`,
    'None of this is authenticated; `weightseal verify` checks it.',
  ];
}

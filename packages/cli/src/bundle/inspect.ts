import type { BundleInspection } from '@weightseal/core';
import { core } from '../core.js';
import type { Place } from '../place.js';
import { list, quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { count } from './notes.js';

const WIDTH = 12;
/** How many files are shown to a person. */
const SHOWN = 40;

export async function inspectDirectory(
  _: Args,
  { signal }: Session,
  { text: input, at }: Place,
): Promise<Result> {
  const { inspectBundle } = await core();
  const inspection = await inspectBundle(at, { signal });
  return { value: { input, ...inspection }, lines: describe(inspection), essential: true };
}

function describe(bundle: BundleInspection): string[] {
  const { files } = bundle;
  const total = files.reduce((sum, one) => sum + one.sealedSize, 0);
  const shown = files.slice(0, SHOWN).map((one) => `${quote(one.path)}, ${size(one.sealedSize)}`);
  const more = files.length - shown.length;
  return [
    `format      weightseal ${bundle.formatVersion}, a bundle, ${quote(bundle.algorithm)}`,
    `id          ${bundle.id}`,
    ...list(
      'context',
      Object.entries(bundle.context).map(([name, value]) => `${quote(name)}: ${quote(value)}`),
      WIDTH,
    ),
    ...list(
      'keys',
      bundle.recipients.map(
        (one) => `${quote(one.keyUri)}, ${quote(one.algorithm)}, version ${quote(one.keyVersion)}`,
      ),
      WIDTH,
    ),
    `sealed      ${size(bundle.sealedSize)}`,
    `envelope    generation ${bundle.generation}`,
    `table       ${size(bundle.tableSize)}, sealed: \`weightseal list\` shows the members, with a key`,
    ...list(
      'files',
      bundle.unlisted
        ? ['not known: the server does not tell what it has']
        : [
            `${count(files.length, 'file')}, ${size(total)}`,
            ...shown,
            ...(more > 0 ? [`and ${more} more (--json has all)`] : []),
          ],
      WIDTH,
    ),
    'None of this is authenticated; `weightseal verify` checks it.',
  ];
}

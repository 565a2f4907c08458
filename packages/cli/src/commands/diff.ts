import type { ReleaseDiff } from '@weightseal/core';
import { core } from '../core.js';
import { keysToOpen } from '../keys.js';
import { Place } from '../place.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';

const KINDS = [
  ['+', 'added'],
  ['-', 'removed'],
  ['~', 'changed'],
  ['k', 'rekeyed'],
  ['=', 'reused'],
] as const;

export async function diff(args: Args, session: Session): Promise<Result> {
  const [from, to] = args.operands as [string, string];
  await using old = await Place.of(args, from);
  await using now = await Place.of(args, to);
  const { diffBundles } = await core();
  const opening = args.many('key').length > 0 ? await keysToOpen(args, 'diff') : undefined;
  const { keys, hedgeMs, trust, used } = opening ?? {};
  const difference = await diffBundles(old.at, now.at, { keys, trust, hedgeMs, signal: session.signal });
  return {
    value: { ...used, ...difference },
    lines: [...changes(difference), told(difference, from, to)],
    essential: true,
  };
}

function changes(difference: ReleaseDiff): string[] {
  return KINDS.flatMap(([mark, kind]) => difference[kind].map((path) => `${mark} ${quote(path)}`));
}

function told(difference: ReleaseDiff, from: string, to: string): string {
  const counts = KINDS.map(([, kind]) => [difference[kind].length, kind] as const).filter(
    ([count]) => count > 0,
  );
  const after = difference.follows
    ? `${quote(to)} came after ${quote(from)}`
    : `${quote(to)} does not say that it came after ${quote(from)}`;
  return `${counts.map(([count, kind]) => `${count} ${kind === 'rekeyed' ? 'encrypted anew' : kind}`).join(', ') || 'no files'}; ${after}`;
}

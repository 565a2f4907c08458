import { matcherOf } from '../common/glob.js';
import { WeightsealError } from '../errors.js';
import { parentOf, shown } from '../format/path.js';
import { type Entry, isFile } from './entry.js';

/**
 * The members that are wanted: those that a glob names, the directories above them, and what a link among them leads to.
 *
 * @throws MEMBER_NOT_FOUND for a glob that names none
 */
export function select(entries: readonly Entry[], only: readonly string[] | undefined): readonly Entry[] {
  if (only === undefined) return entries;
  const wanted = new Set<string>();
  for (const glob of only) {
    const isWanted = matcherOf([glob], 'only');
    const before = entries.filter(({ path }) => isWanted(path));
    if (before.length === 0)
      throw new WeightsealError(
        'MEMBER_NOT_FOUND',
        `No member of the bundle is called ${shown(glob)}; \`members\` lists them.`,
      );
    for (const { path } of before) wanted.add(path);
  }
  const targets = new Set<string>();
  for (const { kind, path, target } of entries) if (kind === 'link' && wanted.has(path)) targets.add(target!);
  if (targets.size > 0)
    for (const { path } of entries) {
      for (let at = path; at !== ''; at = parentOf(at)) if (targets.has(at)) wanted.add(path);
    }
  for (const path of [...wanted]) for (let at = parentOf(path); at !== ''; at = parentOf(at)) wanted.add(at);
  return entries.filter(({ path }) => wanted.has(path));
}

/** Sizes of what is wanted. */
export function plaintextOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + (isFile(entry) ? entry.size : 0), 0);
}

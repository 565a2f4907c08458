import { matcherOf } from '../common/glob.js';
import { ioError, WeightsealError } from '../errors.js';
import { isReserved, MAX_DEPTH, parentOf, shown } from '../format/path.js';
import { namesIn } from '../io/names-in.js';
import type { Directory } from '../io/output/directory.js';
import { BundleFiles, type Entry, isFile, ownNameOf } from './entry.js';

/** How many of them a message names. */
const NAMED = 5;

/**
 * FORMAT.md §24.3: what stands in the directory and is not of the bundle. Names only; nothing of it is opened.
 *
 * @throws MEMBER_EXTRA for what is not allowed, IO_ERROR
 */
export async function findExtra(
  root: Directory,
  entries: readonly Entry[],
  allowed: boolean | readonly string[],
): Promise<string[]> {
  const extra: string[] = [];
  const inPlace: string[] = [];
  const expected = { files: BundleFiles.of(entries), directories: directoriesOf(entries), extra, inPlace };
  await look(root, '', expected, 0).catch((error: unknown) => {
    throw ioError(error, 'read the directory of the bundle');
  });
  if (inPlace.length > 0)
    throw new WeightsealError(
      'MEMBER_EXTRA',
      `What stands in the place of the directory ${shown(inPlace[0]!)}, in which members are, is none, and cannot be allowed. Get a sound copy of the bundle.`,
    );
  return checkAllowed(extra, allowed, "The bundle's directory holds");
}

/** The directories that the files of these lines are in. */
export function directoriesOf(entries: readonly Entry[]): Set<string> {
  const directories = new Set<string>();
  for (const entry of entries) {
    if (!isFile(entry)) continue;
    let at = parentOf(ownNameOf(entry) ?? entry.path);
    for (; at !== '' && !directories.has(at); at = parentOf(at)) directories.add(at);
  }
  return directories;
}

/** What was found, if all of it is allowed. @param where the beginning of a sentence @throws MEMBER_EXTRA */
export function checkAllowed(extra: string[], allowed: boolean | readonly string[], where: string): string[] {
  if (allowed === true) return extra;
  const isAllowed = allowed === false ? () => false : matcherOf(allowed, 'allowExtra');
  const refused = extra.filter((path) => !isAllowed(path));
  if (refused.length === 0) return extra;
  throw new WeightsealError(
    'MEMBER_EXTRA',
    `${where} what its table does not name: ${refused.slice(0, NAMED).map(shown).join(', ')}${refused.length > NAMED ? `, and ${refused.length - NAMED} more` : ''}. Remove it, or allow it (--allow-extra; \`allowExtra\` in a program).`,
  );
}

interface Expected {
  readonly files: BundleFiles;
  readonly directories: ReadonlySet<string>;
  readonly extra: string[];
  /** What is no directory, where one is that members are in: they would be looked for through it. */
  readonly inPlace: string[];
}

async function look(root: Directory, path: string, expected: Expected, depth: number): Promise<void> {
  const { files, directories, extra, inPlace } = expected;
  if (depth > MAX_DEPTH) return;
  const inner: string[] = [];
  for await (const { name, entry, odd } of namesIn(path === '' ? root.path : root.at(path))) {
    const at = path === '' ? name : `${path}/${name}`;
    // It may look like one that the bundle has.
    if (odd) extra.push(at);
    else if (entry.isDirectory()) (directories.has(at) ? inner : extra).push(at);
    else if (directories.has(at)) inPlace.push(at);
    else if (!files.has(at) && !isOwn(path, name)) extra.push(at);
  }
  // One directory is open at a time, however deep they are.
  for (const at of inner) await look(root, at, expected, depth + 1);
}

/** Whether a name at the root is the bundle's own. */
function isOwn(path: string, name: string): boolean {
  return path === '' && isReserved(name);
}

import { type Matcher, matcherOf } from '../common/glob.js';
import { WeightsealError } from '../errors.js';
import type { Directory } from '../io/output/directory.js';
import type { Entry } from './entry.js';
import type { LeftOut } from './left-out.js';
import { checkPaths, FileNames } from './names.js';
import { comparePaths } from './path.js';
import { linkInvalid, TableRules } from './rules.js';
import { type Found, type WalkOptions, walk } from './walk.js';

/** Which files of a directory are sealed, and how. */
export interface SealChoice {
  /** Globs of what is sealed; all of it unless told. `**` is any number of directories; a glob without a slash is a name in any of them. */
  readonly include?: readonly string[] | undefined;
  /** Globs of what is left out, also where it is included. */
  readonly exclude?: readonly string[] | undefined;
  /** Globs of what stays readable for everybody: authenticated when the bundle is opened, and not encrypted. Nothing unless told. */
  readonly public?: readonly string[] | undefined;
  /** Whether payloads get random names in one directory, so that the bundle shows no path. The default is false. */
  readonly hideNames?: boolean | undefined;
}

/** What will be sealed: the lines of the table to come, and where their plaintext is. */
export interface SealPlan {
  readonly entries: readonly Entry[];
  /** For each record: what was found. */
  readonly sources: readonly Found[];
  readonly leftOut: readonly LeftOut[];
  /** Bytes of plaintext. */
  readonly size: number;
}

/** Reads the directory, and refuses before any work what no bundle can hold. @throws PATH_INVALID, LINK_INVALID, BUNDLE_LIMIT, INVALID_ARGUMENT, IO_ERROR */
export async function planSeal(
  root: Directory,
  path: string,
  choice: SealChoice,
  rest: Pick<WalkOptions, 'signal' | 'except'>,
): Promise<SealPlan> {
  const isPublic = choice.public && matcherOf(choice.public, 'public');
  const options = {
    include: matcher(choice.include, 'include'),
    exclude: matcher(choice.exclude, 'exclude'),
    ...rest,
  };
  const { found, leftOut } = await walk(root, path, options);
  checkPaths(namesOf(found));
  const sorted = found.toSorted((a, b) => comparePaths(a.path, b.path));
  const files = sorted.filter(({ kind }) => kind === 'file');
  const open = new Set(files.filter((file) => isPublic?.(file.path)));
  const names = new FileNames(
    [...open].map((file) => file.path),
    choice.hideNames ?? false,
  );
  const kinds = new Map(sorted.map((one) => [one.path, one.kind]));
  const rules = new TableRules();
  const entries: Entry[] = [];
  let size = 0;
  for (const one of sorted) {
    const { kind, target } = one;
    if (kind === 'link' && !['file', 'directory'].includes(kinds.get(target!) ?? ''))
      throw linkInvalid(one.path, 'it leads to what is left out');
    const isOpen = open.has(one);
    const entry: Entry = {
      kind: kind !== 'file' ? kind : isOpen ? 'public' : 'sealed',
      path: one.path,
      size: Number(one.identity?.size ?? 0),
      executable: one.executable ?? false,
      payload: kind === 'file' && !isOpen ? names.payloadOf(one.path) : undefined,
      target,
      record: kind === 'file' ? entries.length : -1,
    };
    size += entry.size;
    if (!Number.isSafeInteger(size))
      throw new WeightsealError('BUNDLE_LIMIT', 'The sizes of the files add up to 2^53 bytes or more.');
    entries.push(entry);
    rules.add(entry);
  }
  rules.end();
  return { entries: numbered(entries), sources: files, leftOut, size };
}

/** Records are for files alone, in their order. */
function numbered(entries: readonly Entry[]): Entry[] {
  let record = 0;
  return entries.map((entry) => (entry.record < 0 ? entry : { ...entry, record: record++ }));
}

function* namesOf(found: readonly Found[]): Generator<string> {
  for (const { path } of found) yield path;
}

function matcher(globs: readonly string[] | undefined, option: string): Matcher | undefined {
  return globs && globs.length > 0 ? matcherOf(globs, option) : undefined;
}

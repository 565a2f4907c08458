import { type Matcher, matcherOf } from '../common/glob.js';
import { WeightsealError } from '../errors.js';
import { comparePaths } from '../format/path.js';
import type { Directory } from '../io/output/directory.js';
import { type Entry, entryAt } from './entry.js';
import { Sources } from './identities.js';
import type { LeftOut } from './left-out.js';
import { checkPaths, FileNames } from './names.js';
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

const OPTIONS = ['include', 'exclude', 'public'] as const;

/** A glob that has named nothing, which may well be misspelled. */
export interface Unmatched {
  readonly option: (typeof OPTIONS)[number];
  readonly glob: string;
}

/** What will be sealed: the lines of the table to come, and where their plaintext is. */
export interface SealPlan {
  readonly entries: readonly Entry[];
  readonly sources: Sources;
  readonly leftOut: readonly LeftOut[];
  readonly unmatched: readonly Unmatched[];
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
  const used = { include: new Set<string>(), exclude: new Set<string>(), public: new Set<string>() };
  const matcher = (option: Unmatched['option']): Matcher | undefined => {
    const globs = choice[option];
    return globs && globs.length > 0 ? matcherOf(globs, option, used[option]) : undefined;
  };
  const options = { include: matcher('include'), exclude: matcher('exclude'), ...rest };
  const isPublic = matcher('public');
  const { found, identities, leftOut } = await walk(root, path, options);
  checkPaths(found);
  found.sort((a, b) => comparePaths(a.path, b.path));
  const files = found.filter(({ kind }) => kind === 'file');
  const open = new Set(isPublic && files.map((file) => file.path).filter(isPublic));
  const directories = found.filter(({ kind }) => kind === 'directory').map((one) => one.path);
  const names = new FileNames(open, directories, choice.hideNames ?? false);
  const entries: Entry[] = [];
  const rules = new TableRules(entries);
  let [size, record] = [0, 0];
  for (const one of found) {
    const { kind, target } = one;
    if (kind === 'link' && !leadsToOne(found, target!))
      throw linkInvalid(one.path, 'it leads to what is left out');
    const isOpen = kind === 'file' && open.has(one.path);
    const entry: Entry = {
      kind: kind !== 'file' ? kind : isOpen ? 'public' : 'sealed',
      path: one.path,
      size: one.size ?? 0,
      executable: one.executable ?? false,
      payload: kind === 'file' && !isOpen ? names.payloadOf(one.path) : undefined,
      target,
      record: kind === 'file' ? record++ : -1,
    };
    size += entry.size;
    if (!Number.isSafeInteger(size))
      throw new WeightsealError('BUNDLE_LIMIT', 'The sizes of the files add up to 2^53 bytes or more.');
    rules.add(entry);
    entries.push(entry);
  }
  rules.end();
  const unmatched = OPTIONS.flatMap((option) =>
    (choice[option] ?? []).filter((glob) => !used[option].has(glob)).map((glob) => ({ option, glob })),
  );
  return { entries, sources: new Sources(files, identities), leftOut, unmatched, size };
}

/** Whether a link leads to a file or a directory of these, which are in their order. */
function leadsToOne(found: readonly Found[], target: string): boolean {
  const { kind } = entryAt(found, target) ?? {};
  return kind === 'file' || kind === 'directory';
}

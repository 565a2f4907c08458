import { comparePaths, SEALED_SUFFIX } from '../format/path.js';

export type MemberKind = 'sealed' | 'public' | 'directory' | 'link';

/** One line of the member table, but for what is bytes: that is in the record of this number. */
export interface Entry {
  readonly kind: MemberKind;
  readonly path: string;
  /** Bytes of plaintext; 0 for what is no file. */
  readonly size: number;
  readonly executable: boolean;
  /** Where the payload lies, if that is not the path and `.sealed`. */
  readonly payload: string | undefined;
  /** The path of the member that a link leads to. */
  readonly target: string | undefined;
  /** The number of its record; −1 for what is no file. */
  readonly record: number;
}

export function isFile(entry: Entry): boolean {
  return entry.record >= 0;
}

/** The name in the bundle of what a member's bytes lie in. */
export function fileOf({ kind, path, payload }: Entry): string {
  return kind === 'public' ? path : (payload ?? `${path}${SEALED_SUFFIX}`);
}

/** The line of this path, of lines in their order (FORMAT.md §20.1); undefined where there is none. A map of all paths would be as large as the table. */
export function entryAt<T extends { readonly path: string }>(
  entries: readonly T[],
  path: string,
): T | undefined {
  let [from, to] = [0, entries.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = comparePaths(entries[middle]!.path, path);
    if (order === 0) return entries[middle];
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return undefined;
}

/** The name of a file in the bundle, where it does not follow from the path. */
export function ownNameOf({ kind, path, payload }: Entry): string | undefined {
  return kind === 'public' ? path : payload;
}

/** Which names in the bundle are files of these lines. Names that follow from a path are looked up there: kept too, they would be as large as the table. */
export class BundleFiles {
  readonly #entries: readonly Entry[];
  readonly #own = new Set<string>();

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** Whether this file, which comes after all of the entries, has a name that none of them has. */
  add(entry: Entry): boolean {
    const own = ownNameOf(entry);
    if (own === undefined) return this.#own.size === 0 || !this.#own.has(fileOf(entry));
    if (this.has(own)) return false;
    this.#own.add(own);
    return true;
  }

  has(file: string): boolean {
    if (this.#own.has(file)) return true;
    if (!file.endsWith(SEALED_SUFFIX)) return false;
    const entry = entryAt(this.#entries, file.slice(0, -SEALED_SUFFIX.length));
    return entry?.kind === 'sealed' && entry.payload === undefined;
  }

  /** Of all lines. */
  static of(entries: readonly Entry[]): BundleFiles {
    const files = new BundleFiles(entries);
    for (const entry of entries) {
      const own = ownNameOf(entry);
      if (own !== undefined) files.#own.add(own);
    }
    return files;
  }
}

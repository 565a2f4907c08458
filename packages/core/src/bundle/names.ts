import { randomBytes } from '../common/crypto.js';
import { folded, isReserved, pathProblem, SEALED_SUFFIX, shown } from '../format/path.js';
import { pathInvalid } from './line.js';

// What a writer sees to before any work, for readers on other systems: FORMAT.md §22.4 and §22.5.

/** @throws PATH_INVALID */
export function checkPaths(found: readonly { readonly path: string }[]): void {
  const seen = new Set<string>();
  for (const { path } of found) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw pathInvalid(path, problem);
    const key = folded(path);
    if (!seen.has(key)) seen.add(key);
    else {
      const other = found.find((one) => one.path !== path && folded(one.path) === key)?.path ?? path;
      throw pathInvalid(
        path,
        `it differs from ${shown(other)} only in case or in how its letters are composed, and on many file systems the two are one; rename one, or leave it out (exclude)`,
      );
    }
  }
}

/** The names in the bundle: public members have theirs, payloads get one that nothing else has, on no file system. */
export class FileNames {
  readonly #taken = new Set<string>();
  readonly #hidden: boolean;

  /**
   * `checkPaths` has seen all paths: names that follow from two of them differ too.
   *
   * @throws PATH_INVALID for a public member whose name is the bundle's own
   */
  constructor(publicPaths: Iterable<string>, directories: Iterable<string>, hidden: boolean) {
    this.#hidden = hidden;
    for (const path of directories) this.#taken.add(folded(path));
    for (const path of publicPaths) {
      const key = folded(path);
      if (isReservedSomewhere(key))
        throw pathInvalid(path, 'a bundle needs that name for itself, so it can be sealed and not be public');
      this.#taken.add(key);
    }
  }

  /** The payload's name, undefined for the path and `.sealed`. */
  payloadOf(path: string): string | undefined {
    const own = `${path}${SEALED_SUFFIX}`;
    if (!this.#hidden && pathProblem(own) === undefined && this.#isFree(folded(own))) return undefined;
    return `${randomBytes(16).toString('hex')}${SEALED_SUFFIX}`;
  }

  #isFree(key: string): boolean {
    return !isReservedSomewhere(key) && !this.#taken.has(key);
  }
}

/** Whether it, or the directory at the root that it is in, has a name of the bundle's own on some file system. */
function isReservedSomewhere(key: string): boolean {
  const end = key.indexOf('/');
  return isReserved((end < 0 ? key : key.slice(0, end)).toLowerCase());
}

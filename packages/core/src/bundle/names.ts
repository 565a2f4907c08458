import { randomBytes } from '../common/crypto.js';
import { pathInvalid, shown } from './line.js';
import { folded, isReserved, parentOf, pathProblem, SEALED_SUFFIX } from './path.js';

// What a writer sees to before any work, for readers on other systems: FORMAT.md §22.4 and §22.5.

/** @throws PATH_INVALID */
export function checkPaths(paths: Iterable<string>): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw pathInvalid(path, problem);
    const key = folded(path);
    const other = seen.get(key);
    if (other !== undefined)
      throw pathInvalid(
        path,
        `it differs from ${shown(other)} only in case or in how its letters are composed, and on many file systems the two are one; rename one, or leave it out (exclude)`,
      );
    seen.set(key, path);
  }
}

/** The names in the bundle: public members have theirs, payloads get one that nothing else has, on no file system. */
export class FileNames {
  readonly #files = new Set<string>();
  readonly #directories = new Set(['']);
  readonly #hidden: boolean;

  /** @throws PATH_INVALID for a public member whose name is the bundle's own */
  constructor(publicPaths: readonly string[], hidden: boolean) {
    this.#hidden = hidden;
    for (const path of publicPaths) {
      if (!this.#take(path))
        throw pathInvalid(path, 'a bundle needs that name for itself, so it can be sealed and not be public');
    }
  }

  /** The payload's name, undefined for the path and `.sealed`. */
  payloadOf(path: string): string | undefined {
    const own = `${path}${SEALED_SUFFIX}`;
    if (!this.#hidden && pathProblem(own) === undefined && this.#take(own)) return undefined;
    const name = `${randomBytes(16).toString('hex')}${SEALED_SUFFIX}`;
    this.#take(name);
    return name;
  }

  #take(file: string): boolean {
    const key = folded(file);
    const above: string[] = [];
    for (let at = parentOf(file); at !== ''; at = parentOf(at)) above.push(folded(at));
    if (isReserved(key.toLowerCase()) || above.some((at) => isReserved(at.toLowerCase()))) return false;
    if (this.#files.has(key) || this.#directories.has(key) || above.some((at) => this.#files.has(at)))
      return false;
    this.#files.add(key);
    for (const at of above) this.#directories.add(at);
    return true;
  }
}

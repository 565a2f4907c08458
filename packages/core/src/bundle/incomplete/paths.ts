import { MAX_DEPTH, MAX_PATH, parentOf } from '../../format/path.js';
import { type Incomplete, KEPT, type ModelFile } from './types.js';

/** Whether a path is there, also by a link to a directory that it is in; such a directory has no links itself. Most models never ask: their paths are only then gathered. */
export function presence(files: readonly ModelFile[]): (path: string) => boolean {
  let known: Known | undefined;
  return (path) => {
    if (path === '') return true;
    known ??= gather(files);
    return isThere(path, known);
  };
}

interface Known {
  readonly paths: ReadonlySet<string>;
  /** Where links lead. */
  readonly links: ReadonlyMap<string, string>;
}

function gather(files: readonly ModelFile[]): Known {
  const links = new Map<string, string>();
  for (const { path, target } of files) if (target !== undefined) links.set(path, target);
  return { paths: new Set(files.map(({ path }) => path)), links };
}

function isThere(path: string, { paths, links }: Known): boolean {
  if (paths.has(path)) return true;
  // No member has a longer one, and whoever wrote it may want it to take long.
  if (links.size === 0 || path.length > MAX_PATH) return false;
  let at = parentOf(path);
  for (let depth = 1; at !== '' && depth < MAX_DEPTH; depth++, at = parentOf(at)) {
    const target = links.get(at);
    if (target !== undefined) return paths.has(target + path.slice(at.length));
  }
  return false;
}

/** The path from the model's directory of what a file beside it calls `name`; undefined for what leads out. */
export function beside(file: string, name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\\') || name.includes('\0')) return undefined;
  const names = parentOf(file).split('/').filter(Boolean);
  for (const one of name.split('/')) {
    if (one === '..' && names.length === 0) return undefined;
    if (one === '..') names.pop();
    else if (one !== '' && one !== '.') names.push(one);
  }
  return names.join('/');
}

/** A finding, if anything of it is missing. What leads out of the directory is not in it, whatever is there. */
export function missingOf(
  file: string,
  kind: Incomplete['kind'],
  names: Iterable<string>,
  has: (path: string) => boolean,
): Incomplete | undefined {
  const missing: string[] = [];
  let count = 0;
  for (const name of new Set(names)) {
    const path = beside(file, name);
    if (path !== undefined && has(path)) continue;
    count++;
    if (missing.length < KEPT) missing.push(path ?? name);
  }
  return count === 0 ? undefined : { file, kind, missing, count };
}

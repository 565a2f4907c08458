import { parentOf } from '../path.js';
import { type Incomplete, KEPT } from './types.js';

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

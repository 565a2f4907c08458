import { isReserved } from '../format/path.js';
import type { ObjectIndex } from '../store/object-index.js';
import { checkAllowed, directoriesOf } from './closed-world.js';
import { BundleFiles, type Entry } from './entry.js';

/** FORMAT.md §26.3: what lies under the prefix and is not of the bundle. @throws MEMBER_EXTRA for what is not allowed */
export function extraObjects(
  objects: ObjectIndex,
  entries: readonly Entry[],
  allowed: boolean | readonly string[],
): string[] {
  const files = BundleFiles.of(entries);
  let directories: ReadonlySet<string> | undefined;
  const isFolder = (name: string): boolean => {
    directories ??= directoriesOf(entries);
    return name === '' || (name.endsWith('/') && directories.has(name.slice(0, -1)));
  };
  const extra: string[] = [];
  for (const [name, { size }] of objects)
    if (!files.has(name) && !isReserved(name) && !(size === 0 && isFolder(name))) extra.push(name);
  return checkAllowed(extra, allowed, "Under the bundle's prefix lies");
}

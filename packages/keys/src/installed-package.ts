import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';

/** As npm has them. */
const NAME = /^((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)(?:\/|$)/i;
const WRITABLE_BY_ALL = 0o002;

/** The package that a specifier names, with a path into it or without; undefined for paths, URLs, and the `#names` of a package's own. */
export function packageIn(specifier: string): string | undefined {
  return NAME.exec(specifier)?.[1];
}

export interface Installed {
  /** The directory `node_modules`. */
  readonly modules: string;
  /** The package's in it, which may be a link. */
  readonly directory: string;
}

/** Where a package is installed, from a directory upward, as Node looks for it; a directory that says itself to be that package is not among them. */
export function* installations(name: string, from: string): Generator<Installed, void> {
  for (let at = from; ; at = dirname(at)) {
    if (basename(at) !== 'node_modules') {
      const modules = join(at, 'node_modules');
      const directory = join(modules, name);
      if (isDirectory(directory)) yield { modules, directory };
    }
    if (dirname(at) === at) return;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether a file lies in a directory, both by their real paths. */
export function liesIn(file: string, directory: string): boolean {
  return realpathSync.native(file).startsWith(`${realpathSync.native(directory)}${sep}`);
}

/**
 * Who could have another package run than was installed: `node_modules`, the package, what is loaded of it and the directories on the way there must
 * be ours or root's. To the end of a sentence that begins with the path.
 */
export function ofOthers({ modules, directory }: Installed, file: string): string | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  const real = realpathSync.native(directory);
  // Links too: who can lay them says what is loaded.
  const linked = [modules, dirname(directory), directory].map((path) => [path, lstatSync(path)] as const);
  const meant = [join(real, 'package.json'), ...between(real, realpathSync.native(file))].map(
    (path) => [path, statSync(path, { throwIfNoEntry: false })] as const,
  );
  for (const [path, stats] of [...linked, ...meant]) {
    if (stats === undefined) continue;
    if (stats.uid !== me && stats.uid !== 0) return `${path} belongs to another user`;
    if (!stats.isSymbolicLink() && stats.mode & WRITABLE_BY_ALL)
      return `${path} can be written to by everybody`;
  }
  return undefined;
}

/** A directory, a file in it, and all that the way there leads through. */
function between(directory: string, file: string): string[] {
  return file === directory || file === dirname(file) ? [file] : [...between(directory, dirname(file)), file];
}

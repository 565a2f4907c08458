import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';

/**
 * Whether one of the globs matches the path, relative ones from the directory. Both count as they are written, and with the links among
 * their directories followed: which keys a file is sealed for must not hang on the way by which somebody came to it. The file itself may be
 * a link, as in the caches of model hubs, and counts by its own name.
 */
export function matchesAny(globs: readonly string[], input: string, directory: string): boolean {
  const written = resolve(input);
  const paths = [written, join(real(dirname(written)), basename(written))];
  const fromHere = [directory, real(directory)].flatMap((from) => paths.map((path) => relative(from, path)));
  return globs.some((glob) =>
    (isAbsolute(glob) ? paths : fromHere).some((path) => matches(slashes(path), glob)),
  );
}

function real(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

/** Names match whatever they begin with or hold, a dot or a newline: which keys a file is sealed for must not hang on that. */
function matches(path: string, glob: string): boolean {
  return picomatch.isMatch(path, glob, { dot: true, nonegate: true, flags: 's' });
}

function slashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ioError } from '@weightseal/core';
import { globMatches, type Spellings } from './glob.js';
import { realDirectory } from './kernel-path.js';
import { readGlob } from './read-glob.js';

/**
 * Whether one of the globs matches the path, relative ones from the directory. What counts is where the kernel comes by it, with the links
 * among its directories followed: who can open a file must not hang on the way by which somebody came to it. The file itself may be a link,
 * as in the caches of model hubs, and counts by its own name.
 */
export function matchesAny(globs: readonly string[], input: Spellings): boolean {
  return globs.some((text) => {
    const glob = readGlob(text);
    return typeof glob !== 'string' && globMatches(glob, input);
  });
}

/** How globs can speak of an input. @throws INPUT_NOT_FOUND, IO_ERROR where the kernel finds no such directory */
export function spellingsOf(input: string, directory: string): Spellings {
  const absolute = located(input);
  const way = relative(directory, absolute);
  return { relative: isAbsolute(way) ? undefined : slashes(way), absolute: slashes(absolute) };
}

/** What is not there yet lies where its nearest directory does; but where `..` leads from nothing, only the kernel could say. */
function located(path: string): string {
  const name = basename(path);
  try {
    return join(realDirectory(dirname(path)), name);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
    if (!missing || name === '..' || basename(dirname(path)) === '..')
      throw ioError(error, `find the directory of ${path}`);
    return join(located(dirname(path)), name);
  }
}

function slashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

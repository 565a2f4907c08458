import { isAbsolute, relative, sep } from 'node:path';
import { globMatches, type Spellings } from './glob.js';
import { placeOf } from './kernel-path.js';
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
  const absolute = placeOf(input);
  const way = relative(directory, absolute);
  return { relative: isAbsolute(way) ? undefined : slashes(way), absolute: slashes(absolute) };
}

function slashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

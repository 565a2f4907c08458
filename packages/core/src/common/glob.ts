import { WeightsealError } from '../errors.js';
import { greedyMatch } from './greedy.js';

// Globs over the paths of a bundle.

const MAX_GLOB = 1024;

type Token =
  | 'any'
  | 'one'
  | string
  | { readonly ranges: readonly (readonly [string, string])[]; readonly not: boolean };
type Part = 'directories' | readonly Token[];

/** Whether a path is one of those that the globs mean. */
export type Matcher = (path: string) => boolean;

/**
 * `*` and `?` within a name, `[a-z]` and `[!a-z]`, `**` as a whole name for any number of directories, `\\` before a character that stands for itself. A glob without
 * a slash means a name in any directory; one that matches a directory means all that is in it. Letters that can be written
 * in two ways (an é of one character or of two) are one: who types a name does not know which it is.
 *
 * @param used to which each glob is added that means one of the paths
 * @throws INVALID_ARGUMENT
 */
export function matcherOf(globs: readonly string[], option: string, used?: Set<string>): Matcher {
  const read = globs.map((glob) => readGlob(glob, option));
  return (path) => {
    const names = path
      .normalize('NFC')
      .split('/')
      .map((name) => Array.from(name));
    const means = (parts: readonly Part[]) => matches(parts, names);
    if (!used) return read.some(means);
    const found = globs.filter((_, index) => means(read[index]!));
    for (const glob of found) used.add(glob);
    return found.length > 0;
  };
}

function readGlob(glob: string, option: string): Part[] {
  const refused = (why: string): WeightsealError =>
    new WeightsealError('INVALID_ARGUMENT', `The glob ${JSON.stringify(glob)} of \`${option}\` ${why}`);
  if (typeof glob !== 'string' || glob === '') throw refused('is empty, and matches nothing.');
  if (glob.length > MAX_GLOB) throw refused(`is longer than ${MAX_GLOB} characters.`);
  if (/[{}]/.test(glob.replace(/\\./gs, '')))
    throw refused('has braces, which are not offered; give one glob for each alternative.');
  const names = glob
    .normalize('NFC')
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '')
    .split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    throw refused('has an empty name, . or .. in it, and so matches nothing; paths begin in the directory.');
  const parts = names.map(
    (name): Part => (name === '**' ? 'directories' : tokensOf(Array.from(name), refused)),
  );
  return glob.includes('/') ? parts : ['directories', ...parts];
}

function tokensOf(chars: readonly string[], refused: (why: string) => WeightsealError): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === '*') tokens.push('any');
    else if (char === '?') tokens.push('one');
    else if (char === '\\') {
      const next = chars[++at];
      if (next === undefined) throw refused('ends with a \\ before nothing.');
      tokens.push(`=${next}`);
    } else if (char === '[') {
      const end = chars.indexOf(']', at + (chars[at + 1] === '!' ? 3 : 2));
      if (end < 0) throw refused('has a [ without its ]; one that stands for itself is \\[.');
      tokens.push(rangesOf(chars.slice(at + 1, end)));
      at = end;
    } else tokens.push(`=${char}`);
  }
  return tokens;
}

function rangesOf(chars: readonly string[]): Token {
  const not = chars[0] === '!';
  const ranges: [string, string][] = [];
  for (let at = not ? 1 : 0; at < chars.length; at++) {
    const from = chars[at]!;
    const isRange = chars[at + 1] === '-' && at + 2 < chars.length;
    ranges.push([from, isRange ? chars[at + 2]! : from]);
    if (isRange) at += 2;
  }
  return { ranges, not };
}

function matches(parts: readonly Part[], names: readonly (readonly string[])[]): boolean {
  // What is in a directory that matches is meant with it.
  for (let length = names.length; length > 0; length--) {
    if (
      greedyMatch(
        parts,
        names.slice(0, length),
        (part) => part === 'directories',
        (part, name) => part !== 'directories' && greedyMatch(part, name, (token) => token === 'any', fits),
      )
    )
      return true;
  }
  return false;
}

function fits(token: Token, char: string): boolean {
  if (typeof token === 'string') return token === 'one' || token === `=${char}`;
  return token.ranges.some(([from, to]) => from <= char && char <= to) !== token.not;
}

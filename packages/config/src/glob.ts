import { greedyMatch } from '@weightseal/core';
import { type Glob, spells, type Token } from './read-glob.js';

/** A path in the two ways in which a glob can speak of it, with `/` between the names. */
export interface Spellings {
  /** From the configuration's directory; undefined where no way leads from there. */
  readonly relative: string | undefined;
  readonly absolute: string;
}

/**
 * Whether the glob matches, in steps that grow no faster than its length times the path's. Names match whatever they begin with or hold, a dot or a newline.
 *
 * @param onStep called for each comparison
 */
export function globMatches(
  glob: Glob,
  { relative, absolute }: Spellings,
  onStep: () => void = () => {},
): boolean {
  return glob.some((one) => {
    const path = one.absolute ? absolute.slice(1) : relative;
    if (path === undefined) return false;
    const names = path
      .normalize('NFC')
      .split('/')
      .map((name) => Array.from(name));
    return greedyMatch(
      one.parts,
      names,
      (part) => part === 'any directories',
      (part, name) => part !== 'any directories' && nameMatches(part, name, onStep),
      (name) => name.join('') !== '..',
    );
  });
}

function nameMatches(part: readonly Token[], name: readonly string[], onStep: () => void): boolean {
  // Only what says so leads out of a directory.
  if (name.join('') === '..') return spells(part, '..');
  const one = (token: Token, char: string): boolean => {
    onStep();
    return token.has?.(char) ?? false;
  };
  return greedyMatch(part, name, ({ kind }) => kind === 'star', one);
}

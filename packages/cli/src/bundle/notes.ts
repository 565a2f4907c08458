import type { Incomplete, LeftOut, Unmatched } from '@weightseal/core';
import { quote } from '../text.js';

/** How many names a sentence has. */
const NAMED = 5;

/** Some names, and how many more there are. */
export function named(names: readonly string[], count: number = names.length): string {
  const shown = names.slice(0, NAMED).map(quote).join(', ');
  const more = count - Math.min(names.length, NAMED);
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** What is no member, unless that was asked for. */
export function leftOutNote(leftOut: readonly LeftOut[]): string | undefined {
  const unasked = leftOut.filter(({ why }) => why !== 'excluded');
  if (unasked.length === 0) return undefined;
  const shown = unasked.slice(0, NAMED).map(({ path, why }) => `${quote(path)} (${why})`);
  const more = unasked.length - shown.length;
  return `left out, as no part of a model: ${shown.join(', ')}${more > 0 ? ` and ${more} more (--json names all)` : ''}. --include takes one in.`;
}

/** For --json, in which whatever is of a path has it as `path`. */
export function asPath({ file: path, ...rest }: Incomplete): object {
  return { path, ...rest };
}

/** Nobody names what is not there on purpose, but for a list that is for many models. */
export function unmatchedNote({ option, glob }: Unmatched): string {
  return `--${option} ${quote(glob)} names nothing that is in the directory.`;
}

/** What will not load as it is, or not by itself. */
export function incompleteNote({ file, kind, missing, count }: Incomplete): string {
  const what = named(missing, count);
  switch (kind) {
    case 'index':
      return `${quote(file)} names ${what}, and that is not sealed with it: what loads the weights by it will fail.`;
    case 'numbered':
      return `${quote(file)} is one of several parts by its name, and ${what} is not sealed with it.`;
    case 'external-data':
      return `${quote(file)} has its tensors in ${what}, and that is not sealed with it: it cannot be loaded.`;
    case 'adapter':
      return `${quote(file)} is of an adapter for the model ${what}, which is not in the directory: who loads it needs that too.`;
  }
}

/** For those who may believe that all that stands there is of the bundle. */
export function extraNote(extra: readonly string[]): string | undefined {
  if (extra.length === 0) return undefined;
  return `its directory has what is no member of it, and was not read: ${named(extra)}.`;
}

export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

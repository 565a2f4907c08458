import { checkOptions, checkPath, isWeightsealError, shown, WeightsealError } from '@weightseal/core';
import type { ModelStatement } from '../statement/model.js';
import { type DirectoryOptions, digestsOf, OPTIONS } from './resources.js';
import { filesOf } from './walk.js';

export interface CompareOptions extends Omit<DirectoryOptions, 'allowSymlinks'> {
  /** Files and directories that are passed over besides those that the statement passes over: where the signature itself lies in the directory, for example. */
  readonly ignorePaths?: readonly string[] | undefined;
}

/** How many of each kind a message names. */
const SHOWN = 5;

/**
 * Compares a directory with a statement that was verified: its files must be those of the statement, each with its digest, and there must be no others but those that the statement passes over. Names come first: nothing is
 * hashed of a directory that has too many files, or too few.
 *
 * @throws MANIFEST_MISMATCH, INPUT_CHANGED, INPUT_NOT_FOUND, IO_ERROR, ABORTED, INVALID_ARGUMENT
 */
export async function compareWithDirectory(
  statement: ModelStatement,
  directory: string | URL,
  options: CompareOptions = {},
): Promise<void> {
  const root = checkPath(directory, 'The directory');
  const { allowSymlinks: _, ...known } = OPTIONS;
  checkOptions(options, known, 'Comparing a directory');
  const { allowSymlinks, resources } = statement;
  const ignorePaths = [...statement.ignorePaths, ...(options.ignorePaths ?? [])];
  const signed = new Map(resources.map(({ name, digest }) => [name, digest]));
  // What is passed over cannot be signed, too: it would be missing.
  const files = await found(root, { ignorePaths, allowSymlinks, signal: options.signal });
  const there = new Set(files.map(({ name }) => name));
  const extra = files.map(({ name }) => name).filter((name) => !signed.has(name));
  const missing = [...signed.keys()].filter((name) => !there.has(name));
  if (extra.length > 0 || missing.length > 0) throw mismatch(root, { extra, missing });
  const digests = await digestsOf(files, { ...options, allowSymlinks });
  const changed = digests.filter(({ name, digest }) => signed.get(name) !== digest).map(({ name }) => name);
  if (changed.length > 0) throw mismatch(root, { changed });
}

/** What no directory that was signed can have is something that nobody has signed. */
async function found(root: string, options: Parameters<typeof filesOf>[1]) {
  try {
    return await filesOf(root, options);
  } catch (error) {
    if (!isWeightsealError(error) || error.class !== 'format') throw error;
    throw new WeightsealError(
      'MANIFEST_MISMATCH',
      `${shown(root)} is not what was signed. ${error.message}`,
      { cause: error },
    );
  }
}

function mismatch(root: string, kinds: Readonly<Record<string, readonly string[]>>): WeightsealError {
  const said = Object.entries(kinds)
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => `${kind}: ${named(names)}`);
  return new WeightsealError(
    'MANIFEST_MISMATCH',
    `${shown(root)} is not what was signed (${said.join('; ')}). Get a sound copy.`,
  );
}

function named(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).map(shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

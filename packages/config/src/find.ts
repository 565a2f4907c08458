import { lstatSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { ioError, isWeightsealError, WeightsealError } from '@weightseal/core';
import { type ConfigFile, readFound } from './config-file.js';
import { from, realDirectory, workingDirectory } from './kernel-path.js';
import { checkedPlaces } from './options.js';
import { NoState } from './state-directory.js';
import { type Trust, type TrustedFiles, trustIn } from './trust.js';

export const TEXTS: readonly string[] = ['.yaml', '.yml', '.json'];
/** Using one of these runs it. */
export const PROGRAMS: readonly string[] = ['.ts', '.js', '.mjs'];

/** The names that are looked for. */
export const CONFIG_NAMES: readonly string[] = ['yaml', 'yml', 'json', 'ts', 'js', 'mjs'].map(
  (extension) => `weightseal.config.${extension}`,
);

export interface FindOptions {
  /** Where the search begins; the working directory unless told. */
  readonly cwd?: string | URL | undefined;
  /** Where WEIGHTSEAL_CONFIG is looked up, and HOME and XDG_STATE_HOME for what is trusted; the environment of the process unless told. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** What there is to say of a file that was found. */
export interface Found {
  readonly path: string;
  /** Undefined where it was not read. */
  readonly file?: ConfigFile | undefined;
  /** Why it has no effect; undefined for one that is trusted. */
  readonly refusal?: WeightsealError | undefined;
  /** The files that it may run; undefined for one that is not trusted. */
  readonly files?: TrustedFiles | undefined;
  /** Whether another content of it was trusted. */
  readonly changed?: boolean;
}

/**
 * The configuration file that counts: what WEIGHTSEAL_CONFIG names, or else the one in the directory or the nearest one above it that has
 * one. Reads what it finds, and parses nothing.
 *
 * A file that was only found may have come with a downloaded model, and it decides whom is sealed for and what hosts are called. So it has
 * no effect until the user has trusted it (`trustConfig`), and none that is a program or somebody else's: whoever means such a one names it.
 *
 * @throws CONFIG_UNTRUSTED when nobody has said that what it says is trusted; CONFIG_INVALID when a directory has two, when it is a program,
 *   or when somebody else owns the file or can write to it
 */
export function findConfig(options: FindOptions = {}): string | undefined {
  const { cwd = workingDirectory(), env = process.env } = checkedPlaces(options, 'findConfig');
  const named = env['WEIGHTSEAL_CONFIG'];
  if (named) return from(cwd, named);
  const path = search(cwd);
  if (path === undefined) return undefined;
  const { refusal } = judge(path, env);
  if (refusal) throw refusal;
  return path;
}

/**
 * The configuration file that has an effect where nothing asks for one: what WEIGHTSEAL_CONFIG names, or the nearest one that is trusted. A stranger's has no effect, and so takes none from the one above it.
 *
 * @throws CONFIG_UNTRUSTED for one that is not what it was when it was trusted: what it asked for would be asked no more; CONFIG_INVALID when a directory has two
 */
export function findTrusted(options: FindOptions = {}): string | undefined {
  const { cwd, env = process.env } = checkedPlaces(options, 'findTrusted');
  const named = env['WEIGHTSEAL_CONFIG'];
  if (named) return from(cwd ?? workingDirectory(), named);
  for (let path = searchFrom(cwd); path !== undefined; path = searchAbove(path)) {
    const { refusal, changed } = judge(path, env);
    if (refusal === undefined) return path;
    if (changed) throw refusal;
  }
  return undefined;
}

/** Where the working directory has been removed, none is above it. */
function searchFrom(cwd: string | undefined): string | undefined {
  try {
    return search(cwd ?? workingDirectory());
  } catch (error) {
    if (cwd === undefined && isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND') return undefined;
    throw error;
  }
}

function searchAbove(path: string): string | undefined {
  const directory = dirname(path);
  return directory === dirname(directory) ? undefined : search(dirname(directory));
}

/** The path of the nearest file by one of the names, whatever it is. @throws CONFIG_INVALID when a directory has two */
export function search(cwd: string): string | undefined {
  for (let directory = startOf(cwd); directory !== undefined; ) {
    const [found, second] = CONFIG_NAMES.map((name) => join(directory!, name)).filter(isThere);
    if (found !== undefined && second !== undefined) {
      throw new WeightsealError(
        'CONFIG_INVALID',
        `There is ${found}, and there is ${second}. Keep one of them, or name one with --config.`,
      );
    }
    if (found !== undefined) return found;
    directory = directory === dirname(directory) ? undefined : dirname(directory);
  }
  return undefined;
}

/** Where the kernel has the directory; undefined where there is none. */
export function startOf(cwd: string): string | undefined {
  const here = workingDirectory();
  // The kernel's own answer, also where the directories above are not for us to look at; but for what is not UTF-8.
  if (cwd === here && !here.includes('\ufffd')) return here;
  try {
    return realDirectory(from(here, cwd));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw ioError(error, `find the directory ${cwd}`);
  }
}

/** A link that leads nowhere is there too: passed over, it would leave the choice to a file above. */
function isThere(path: string): boolean {
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) return false;
    return !statSync(path, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    // A directory that may not be searched, or a name above that is no directory.
    return false;
  }
}

/**
 * Reads a file that was found, and says whether it may have an effect.
 *
 * @param shown whether what it says is told beside, so that nobody need be sent to look
 */
export function judge(path: string, env: NodeJS.ProcessEnv, shown = false): Found {
  const file = PROGRAMS.includes(extname(path)) ? 'is a program' : readFound(path);
  if (typeof file === 'string') {
    const text = `${path} ${file}, so it is not used just because it is there. If you trust it, name it with --config or WEIGHTSEAL_CONFIG.`;
    return { path, refusal: new WeightsealError('CONFIG_INVALID', text) };
  }
  const trust = trustIn(file, env);
  return trust.trusted
    ? { path, file, files: trust.files }
    : { path, file, refusal: untrusted(path, trust, shown), changed: trust.why === 'changed' };
}

/** Why a configuration has no effect that is as it was, while code that it runs, or a key that it trusts, is not. */
export function untrustedFile(path: string, file: string, what: 'runs' | 'by' = 'runs'): WeightsealError {
  const how = what === 'runs' ? 'runs the provider' : 'says whom it trusts by';
  return new WeightsealError(
    'CONFIG_UNTRUSTED',
    `${path} has no effect until you trust it again: it ${how} ${JSON.stringify(file)}, which is not what it was when you trusted it. Look at that file; then \`weightseal config trust ${shellWord(path)}\`.`,
  );
}

function untrusted(
  path: string,
  { why }: Extract<Trust, { trusted: false }>,
  shown: boolean,
): WeightsealError {
  const word = shellWord(path);
  const untrusted = (message: string) => new WeightsealError('CONFIG_UNTRUSTED', message);
  if (why instanceof NoState) {
    return untrusted(
      `${path} was found, and has no effect unless you trust it, which cannot be kept here: ${why.why}. Name it instead: --config ${word}, or WEIGHTSEAL_CONFIG.`,
    );
  }
  const state =
    why === 'changed'
      ? 'is not what it was when you trusted it, and has no effect until you do so again'
      : 'was found, and has no effect until you trust it';
  const first = shown
    ? 'If you agree with all that it says,'
    : 'See what it says with `weightseal config show`; then';
  return untrusted(
    `${path} ${state}. ${first} \`weightseal config trust ${word}\`, or name it: --config ${word}.`,
  );
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

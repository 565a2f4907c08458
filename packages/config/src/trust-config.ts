import { basename, dirname, normalize } from 'node:path';
import { ioError, WeightsealError } from '@weightseal/core';
import type { ConfigFile } from './config-file.js';
import { CONFIG_NAMES, type FindOptions, type Found, judge, search, untrustedFile } from './find.js';
import { from, placeOf, realFile, workingDirectory } from './kernel-path.js';
import type { Checked } from './load.js';
import { fileOf } from './load-config.js';
import { checkedPlaces, type Places } from './options.js';
import { pinsOf, trustFilesIn } from './pinned-files.js';
import { changedFile, filesOf } from './provider-files.js';
import { NoState } from './state-directory.js';
import type { ConfigSummary } from './summary.js';
import { forget, record, type TrustedFiles } from './trust.js';

export interface TrustOptions extends FindOptions {
  /** The file; the one that is found unless told. */
  readonly path?: string | URL | undefined;
}

/** A configuration, and whether it would be used. */
export interface ConfigStatus {
  readonly path: string;
  readonly status: 'named' | 'trusted' | 'untrusted' | 'refused';
  /** Why it is not used. */
  readonly refusal: WeightsealError | undefined;
  /** Of what was read; undefined for a program, which is not. */
  readonly sha256: string | undefined;
  /** What it says; undefined for a program, for what was refused, and for what is no configuration. */
  readonly summary: ConfigSummary | undefined;
  /** What keeps it from being one. */
  readonly problem: WeightsealError | undefined;
}

/**
 * Which configuration would be used here, whether it is trusted, and what it says. Nothing of it takes effect.
 *
 * @returns undefined where there is none
 * @throws CONFIG_INVALID when a directory has two; INPUT_NOT_FOUND, IO_ERROR
 */
export async function configStatus(options: TrustOptions = {}): Promise<ConfigStatus | undefined> {
  const given = checkedPlaces(options, 'configStatus');
  const { cwd = workingDirectory(), env = process.env } = given;
  const named = given.path === undefined ? env['WEIGHTSEAL_CONFIG'] || undefined : undefined;
  if (named !== undefined) {
    const file = fileOf(named, cwd);
    const path = typeof file === 'string' ? file : file.path;
    const {
      files: _,
      pins: __,
      ...said
    } = await read(typeof file === 'string' ? undefined : file, cwd, true);
    return { path, status: 'named', refusal: undefined, ...said };
  }
  const found = find(given, cwd, env, true);
  if (!found) return undefined;
  const { path, file, files: trusted } = found;
  const { files, pins, ...said } = await read(file, cwd);
  const code = trusted && changedFile(trusted, files);
  const pin = trusted && changedFile(trusted, pins);
  const refusal =
    code !== undefined
      ? untrustedFile(path, code)
      : pin !== undefined
        ? untrustedFile(path, pin, 'by')
        : found.refusal;
  const status =
    refusal === undefined ? 'trusted' : refusal.code === 'CONFIG_UNTRUSTED' ? 'untrusted' : 'refused';
  return { path, status, refusal, ...said };
}

/**
 * Says in the user's name that a configuration is trusted, by its path and by what it says now: it takes effect from then on where it is
 * found, until it changes. Returns what was trusted, from the same reading.
 *
 * @throws CONFIG_INVALID for what is no configuration, a program, or somebody else's; CONFIG_UNTRUSTED where it cannot be recorded;
 *   INPUT_NOT_FOUND where there is none
 */
export async function trustConfig(options: TrustOptions = {}): Promise<ConfigStatus> {
  const given = checkedPlaces(options, 'trustConfig');
  const { cwd = workingDirectory(), env = process.env } = given;
  const found = find(given, cwd, env);
  if (!found) throw notFound(cwd);
  const { path, file, refusal } = found;
  if (file === undefined) throw refusal!;
  const { problem, files, pins, ...said } = await read(file, cwd);
  if (problem) throw problem;
  let kept: NoState | undefined;
  try {
    kept = record(file, { ...files, ...pins }, env);
  } catch (error) {
    kept = new NoState(ioError(error, 'record what you trust').message.replace(/\.$/, ''));
  }
  if (kept === undefined) return { path, status: 'trusted', refusal: undefined, problem, ...said };
  throw noState(kept, 'Name the configuration instead, with --config or WEIGHTSEAL_CONFIG.');
}

/**
 * Takes back that a configuration is trusted, whatever it said then. Neither it nor its directory need be there any more: what was recorded is
 * the path, and by that it is found. Returns how often it was.
 */
export function untrustConfig(options: TrustOptions = {}): {
  readonly path: string;
  readonly removed: number;
} {
  const given = checkedPlaces(options, 'untrustConfig');
  const { cwd = workingDirectory(), env = process.env } = given;
  const [path, ...others] = given.path === undefined ? [search(cwd)] : recordedAs(from(cwd, given.path));
  if (path === undefined) throw notFound(cwd);
  try {
    let removed = 0;
    for (const one of [path, ...others]) {
      const forgotten = forget(one!, env);
      if (forgotten instanceof NoState) throw noState(forgotten, 'So nothing is trusted.');
      removed += forgotten;
    }
    return { path, removed };
  } catch (error) {
    throw ioError(error, 'take back what you trust');
  }
}

/** Where it lies; and, since that may be elsewhere than when it was trusted, where the words say. Nothing is opened by either. */
function recordedAs(path: string): string[] {
  const written = normalize(path);
  try {
    return [...new Set([placeOf(path), written])];
  } catch {
    return [written];
  }
}

function find({ path }: Places, cwd: string, env: NodeJS.ProcessEnv, shown = false): Found | undefined {
  if (path === undefined) {
    const found = search(cwd);
    return found === undefined ? undefined : judge(found, env, shown);
  }
  const file = lying(from(cwd, path));
  if (CONFIG_NAMES.includes(basename(file))) return judge(file, env, shown);
  const names = CONFIG_NAMES.filter((name) => !/\.m?[jt]s$/.test(name)).join(', ');
  throw new WeightsealError(
    'CONFIG_INVALID',
    `${file} is never found, only named, and so needs no trust: what is looked for is called ${names}.`,
  );
}

function lying(path: string): string {
  try {
    return realFile(path);
  } catch (error) {
    throw ioError(error, `read the configuration ${path}`);
  }
}

interface Said extends Pick<ConfigStatus, 'sha256' | 'summary' | 'problem'> {
  /** What the files are that it runs. */
  readonly files: TrustedFiles;
  /** And those by which it says whom it trusts. */
  readonly pins: TrustedFiles;
}

/** @param named whether its files are run as they are */
async function read(file: ConfigFile | undefined, cwd: string, named = false): Promise<Said> {
  if (!file) return { sha256: undefined, summary: undefined, problem: undefined, files: {}, pins: {} };
  const { sha256 } = file;
  const [{ check }, { summarise, modulesIn }] = await Promise.all([
    import('./load.js'),
    import('./summary.js'),
  ]);
  let checked: Checked | undefined;
  try {
    checked = await check(file, cwd);
    const directory = dirname(file.path);
    const files = named ? {} : filesOf(modulesIn(checked.config), directory);
    const pins = named ? {} : pinsOf(trustFilesIn(checked.config), directory);
    return { sha256, summary: summarise(checked, files, pins), problem: undefined, files, pins };
  } catch (error) {
    if (!(error instanceof WeightsealError)) throw error;
    return { sha256, summary: checked && summarise(checked), problem: error, files: {}, pins: {} };
  }
}

function notFound(cwd: string): WeightsealError {
  return new WeightsealError('INPUT_NOT_FOUND', `There is no configuration in ${cwd} or above it.`);
}

function noState({ why }: NoState, hint: string): WeightsealError {
  return new WeightsealError('CONFIG_UNTRUSTED', `${why}. ${hint}`);
}

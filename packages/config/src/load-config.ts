import { statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { ioError, WeightsealError } from '@weightseal/core';
import type { Providers } from '@weightseal/keys';
import type { Config } from './config.js';
import { type ConfigFile, notRegular, readNamed } from './config-file.js';
import { judge, PROGRAMS, search, TEXTS, untrustedFile } from './find.js';
import { from, realFile, workingDirectory } from './kernel-path.js';
import { checkedPlaces } from './options.js';
import { pinsOf } from './pinned-files.js';
import { changedFile, filesOf } from './provider-files.js';
import type { TrustedFiles } from './trust.js';
import { filesOfTrust } from './trust-input.js';

export interface LoadOptions {
  /** Where the search begins, and what `path` counts from; the working directory unless told. */
  readonly cwd?: string | URL | undefined;
  /** The file, instead of a search: what a program that ships its configuration gives. */
  readonly path?: string | URL | undefined;
  /** Instead of WEIGHTSEAL_PROFILE and of what the file says. */
  readonly profile?: string | undefined;
  /** The environment; that of the process unless told. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** By scheme, as `keyFromUri` takes them: they go before what the file says of providers. */
  readonly providers?: Providers | undefined;
}

/**
 * Finds and reads the configuration. One that is only found has no effect until it is trusted (see `findConfig`). One in TypeScript or
 * JavaScript is run, and so has to be named; YAML and JSON are only read.
 *
 * @throws CONFIG_UNTRUSTED; CONFIG_INVALID, with the line where the file has lines; INPUT_NOT_FOUND; INVALID_ARGUMENT for a profile that
 *   there is not
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Config> {
  const { cwd = workingDirectory(), env = process.env, path } = checkedPlaces(options, 'loadConfig');
  const named = path ?? (env['WEIGHTSEAL_CONFIG'] || undefined);
  const { file, files }: Trusted =
    named === undefined ? found(cwd, env) : { file: fileOf(named, cwd), files: undefined };
  const profile = options.profile ?? (env['WEIGHTSEAL_PROFILE'] || undefined);
  // What reads and checks takes longer to load than the search, so it comes when there is something to read.
  const { load } = await import('./load.js');
  const config = await load(file, { cwd, profile, env, files, providers: options.providers ?? {} });
  if (files !== undefined) checkFiles(config, files);
  return config;
}

interface Trusted {
  readonly file: ConfigFile | string;
  /** Undefined where it was named: whoever names a configuration has its code run as it is. */
  readonly files: TrustedFiles | undefined;
}

function found(cwd: string, env: NodeJS.ProcessEnv): Trusted {
  const path = search(cwd);
  if (path === undefined) {
    throw new WeightsealError(
      'INPUT_NOT_FOUND',
      `There is no configuration in ${cwd} or above it; make a weightseal.config.yaml there, or name one (\`path\`, --config, WEIGHTSEAL_CONFIG).`,
    );
  }
  const { file, refusal, files = {} } = judge(path, env);
  if (file === undefined || refusal) throw refusal!;
  return { file, files };
}

/** Before any of it has an effect. What is run is compared once more, just before. */
function checkFiles({ path, providers, trust }: Config, trusted: TrustedFiles): void {
  const modules = [...providers.values()]
    .map(({ module }) => module)
    .filter((one) => typeof one === 'string');
  const changed = changedFile(trusted, filesOf(modules, dirname(path)));
  if (changed !== undefined) throw untrustedFile(path, changed);
  const pins = trust ? pinsOf(filesOfTrust(trust), dirname(path)) : {};
  const other = changedFile(trusted, pins);
  if (other !== undefined) throw untrustedFile(path, other, 'by');
}

/** The file that somebody named. A program is not read here: what runs it reads it. */
export function fileOf(name: string, cwd: string): ConfigFile | string {
  const path = pathOf(name, cwd);
  return PROGRAMS.includes(extname(path)) ? path : readNamed(path);
}

function pathOf(name: string, cwd: string): string {
  if (name === '') throw invalid('The name of the configuration is empty; name a file.');
  if (/[\r\n]$/.test(name)) {
    throw invalid(
      `The name of the configuration, ${JSON.stringify(name)}, ends with a line end, as a file with the line ends of Windows gives it; take that away.`,
    );
  }
  const path = located(name, from(cwd, name));
  // Nothing is run that does not say it is a program.
  if ([...TEXTS, ...PROGRAMS].includes(extname(path))) return path;
  throw invalid(
    `${path}: What a configuration is written in is known by the end of its name: ${[...TEXTS, ...PROGRAMS].join(', ')}.`,
  );
}

/** @throws INPUT_NOT_FOUND, IO_ERROR */
function located(name: string, path: string): string {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw invalid(`${path} is a directory; name the configuration in it.`);
    // What runs a program opens it as it is, and would wait for the other end of a pipe.
    if (!stats.isFile()) throw notRegular(path);
    return realFile(path);
  } catch (error) {
    const failed = ioError(error, `read the configuration ${path}`);
    if (failed.code !== 'INPUT_NOT_FOUND' || !name.startsWith('~')) throw failed;
    const hint = 'A ~ is for the shell to replace, and was not; write out the whole path.';
    throw new WeightsealError('INPUT_NOT_FOUND', `${failed.message} ${hint}`, { cause: error });
  }
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', message);
}

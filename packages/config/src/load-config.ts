import { resolve } from 'node:path';
import { WeightsealError } from '@weightseal/core';
import type { Config } from './config.js';
import { CONFIG_NAMES, findConfig } from './find.js';

export interface LoadOptions {
  /** Where the search begins, and what `path` counts from; the working directory unless told. */
  readonly cwd?: string | undefined;
  /** The file, instead of a search. */
  readonly path?: string | undefined;
  /** Instead of WEIGHTSEAL_PROFILE and of what the file says. */
  readonly profile?: string | undefined;
  /** The environment; that of the process unless told. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Finds and reads the configuration. One in TypeScript or JavaScript is run, and so has to be named; YAML and JSON are only read.
 *
 * @throws CONFIG_INVALID, with the line where the file has lines; INPUT_NOT_FOUND; INVALID_ARGUMENT for a profile that there is not
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Config> {
  const { cwd = process.cwd(), env = process.env } = options;
  const named = options.path ?? (env['WEIGHTSEAL_CONFIG'] || undefined);
  const path = named === undefined ? findConfig({ cwd, env }) : resolve(cwd, named);
  if (path === undefined) {
    throw new WeightsealError(
      'INPUT_NOT_FOUND',
      `There is no configuration in ${cwd} or above it; make one of ${CONFIG_NAMES.join(', ')}.`,
    );
  }
  const profile = options.profile ?? (env['WEIGHTSEAL_PROFILE'] || undefined);
  // What reads and checks takes longer to load than the search, so it comes when there is something to read.
  const { load } = await import('./load.js');
  return load(path, { cwd, profile, env, named: named !== undefined });
}

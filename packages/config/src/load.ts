import { extname, relative } from 'node:path';
import { didYouMean, isWeightsealError, WeightsealError } from '@weightseal/core';
import type { Providers } from '@weightseal/keys';
import { checkReferences } from './check-references.js';
import { checkShape } from './check-shape.js';
import { Config, type Files } from './config.js';
import type { ConfigFile } from './config-file.js';
import { decode } from './decode.js';
import type { ConfigInput } from './define.js';
import { effective } from './effective.js';
import { startOf } from './find.js';
import { InterpolationProblem, interpolate } from './interpolate.js';
import { listed } from './listed.js';
import { noProfile } from './no-profile.js';
import { configInvalid, type Source } from './source.js';

interface Choice {
  readonly cwd: string;
  readonly profile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly providers: Providers;
  readonly files: Files;
}

/** A configuration that was read and checked, before a profile is chosen and the environment put in. */
export interface Checked {
  readonly source: Source;
  readonly config: ConfigInput;
  readonly profiles: readonly string[];
}

/** Makes a configuration of whatever kind count, and checks all of it: the profiles that do not count now as well. */
export async function load(
  file: ConfigFile | string,
  { cwd, profile: wanted, env, providers, files }: Choice,
): Promise<Config> {
  const { source, config, profiles } = await check(file, cwd, Object.keys(providers));
  const profile = chosen(wanted, profiles) ?? preset(source, config, profiles, env);
  const found = effective(source, config, profile, env);
  try {
    checkReferences(source, found, true, Object.keys(providers));
  } catch (error) {
    const hint = noProfile(profile, profiles);
    if (hint === '' || !isWeightsealError(error)) throw error;
    throw new WeightsealError(error.code, `${error.message}${hint}`, {
      cause: error,
      failures: error.failures,
    });
  }
  return new Config(pathOf(file), profile, profiles, found, { given: providers, files });
}

/** All that can be checked without the environment, and without asking anybody. @throws CONFIG_INVALID */
export async function check(
  file: ConfigFile | string,
  cwd: string,
  schemes: readonly string[] = [],
): Promise<Checked> {
  const source = await read(file, relative(startOf(cwd) ?? cwd, pathOf(file)));
  const config = checkShape(source, schemes);
  const profiles = Object.keys(config.profiles ?? {});
  // What has profiles need not be whole without any.
  for (const profile of profiles.length > 0 ? profiles : [undefined])
    checkReferences(source, effective(source, config, profile, undefined), false, schemes);
  return { source, config, profiles };
}

function pathOf(file: ConfigFile | string): string {
  return typeof file === 'string' ? file : file.path;
}

async function read(file: ConfigFile | string, shown: string): Promise<Source> {
  if (typeof file === 'string') return (await import('./read-module.js')).readModule(file, shown);
  const text = decode(file.bytes, shown);
  return (await import('./read-text.js')).readText(text, shown, extname(file.path) === '.json');
}

function chosen(wanted: string | undefined, profiles: readonly string[]): string | undefined {
  if (wanted === undefined || profiles.includes(wanted)) return wanted;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `The configuration has no profile ${JSON.stringify(wanted)}${hint(wanted, profiles)}${lineEnd(wanted)}`,
  );
}

function preset(
  source: Source,
  { profile }: ConfigInput,
  profiles: readonly string[],
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (profile === undefined) return undefined;
  const at = { path: ['profile'] };
  const value = interpolate(profile, env);
  if (value instanceof InterpolationProblem) throw configInvalid(source, [{ ...at, text: value.text }]);
  if (profiles.includes(value)) return value;
  throw configInvalid(source, [{ ...at, text: `names no profile${hint(value, profiles)}` }]);
}

function hint(name: string, profiles: readonly string[]): string {
  return didYouMean(name, profiles) || `; its profiles are ${listed(profiles) || 'none'}.`;
}

function lineEnd(name: string): string {
  return /[\r\n]$/.test(name)
    ? ' The name ends with a line end, as a file with the line ends of Windows gives it; take that away.'
    : '';
}

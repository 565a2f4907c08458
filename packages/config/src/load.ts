import { readFile } from 'node:fs/promises';
import { extname, relative } from 'node:path';
import { ioError, WeightsealError } from '@weightseal/core';
import { checkReferences } from './check-references.js';
import { checkShape } from './check-shape.js';
import { Config } from './config.js';
import type { ConfigInput } from './define.js';
import { effective } from './effective.js';
import { InterpolationProblem, interpolate } from './interpolate.js';
import { didYouMean } from './nearest.js';
import { configInvalid, type Source } from './source.js';

const TEXT = ['.yaml', '.yml', '.json'];
const PROGRAMS = ['.ts', '.js', '.mjs'];

interface Choice {
  readonly cwd: string;
  readonly profile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Whether somebody said that it is this one; else it was only found. */
  readonly named: boolean;
}

/** Reads a configuration of whatever kind, and checks all of it: the profiles that do not count now as well. */
export async function load(path: string, { cwd, profile: wanted, env, named }: Choice): Promise<Config> {
  const source = await read(path, relative(cwd, path));
  const config = checkShape(source);
  const profiles = Object.keys(config.profiles ?? {});
  const profile = chosen(wanted, profiles) ?? preset(source, config, profiles, env);
  for (const other of profiles) {
    if (other !== profile)
      checkReferences(source, effective(source, config, other, undefined), { interpolated: false, named });
  }
  const found = effective(source, config, profile, env);
  checkReferences(source, found, { interpolated: true, named });
  return new Config(path, profile, profiles, found);
}

async function read(path: string, file: string): Promise<Source> {
  const extension = extname(path);
  const isText = TEXT.includes(extension);
  // Nothing is run that does not say it is a program.
  if (!isText && !PROGRAMS.includes(extension)) {
    const known = [...TEXT, ...PROGRAMS].join(', ');
    throw new WeightsealError(
      'CONFIG_INVALID',
      `${path}: What a configuration is written in is known by the end of its name: ${known}.`,
    );
  }
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw ioError(error, `read the configuration ${path}`);
  });
  if (!isText) return (await import('./read-module.js')).readModule(path, file);
  return (await import('./read-text.js')).readText(text, file, extension === '.json');
}

function chosen(wanted: string | undefined, profiles: readonly string[]): string | undefined {
  if (wanted === undefined || profiles.includes(wanted)) return wanted;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `The configuration has no profile ${JSON.stringify(wanted)}${hint(wanted, profiles)}`,
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
  return didYouMean(name, profiles) || `; its profiles are ${profiles.join(', ') || 'none'}.`;
}

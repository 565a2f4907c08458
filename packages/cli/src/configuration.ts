import { dirname } from 'node:path';
import type { Config, ConfiguredKey } from '@weightseal/config';
import { usageError } from './cli-error.js';
import { note } from './notes.js';
import { providersOf } from './providers.js';
import { quote } from './text.js';
import type { Args } from './types.js';

/** For keys and for stores: it is read once. */
const read = new WeakMap<Args, Promise<Config | undefined>>();

/** The configuration that the command line names, or that is found here or above and trusted; undefined where there is none. */
export function configuration(args: Args): Promise<Config | undefined> {
  const known = read.get(args) ?? readConfiguration(args);
  read.set(args, known);
  return known;
}

async function readConfiguration(args: Args): Promise<Config | undefined> {
  const { findConfig, loadConfig } = await import('@weightseal/config');
  const path = args.one('config');
  if (path !== undefined || findConfig() !== undefined)
    return loadConfig({ path, profile: args.one('profile'), providers: await providersOf(args) });
  if (args.one('profile') === undefined) return undefined;
  throw usageError('--profile is of a configuration, and no weightseal.config file was found here or above.');
}

/** The one that counts where nothing asks for one. @throws CONFIG_UNTRUSTED for one that was trusted, and has changed */
export async function trustedConfiguration(args: Args): Promise<Config | undefined> {
  const { findTrusted, loadConfig } = await import('@weightseal/config');
  const path = findTrusted();
  if (path === undefined) return undefined;
  // By its directory, and not by its name: what it trusts by is to be what it was.
  return await loadConfig({ cwd: dirname(path), providers: await providersOf(args) });
}

/**
 * The configuration, where the keys need one: there are names among them, or URIs of a scheme that somebody has to bring a provider for, or there
 * are no keys, or the command line says which it is. Other keys that are all named by URI are nobody else's business.
 */
export async function configurationFor(args: Args, keys: readonly string[]): Promise<Config | undefined> {
  const { KEY_SCHEMES, SIGNER_SCHEMES, schemeOf } = await import('@weightseal/keys');
  const asked = args.one('config') !== undefined || args.one('profile') !== undefined;
  const known: readonly string[] = [
    ...KEY_SCHEMES,
    ...SIGNER_SCHEMES,
    ...Object.keys(await providersOf(args)),
  ];
  if (!asked && keys.length > 0 && keys.every((key) => known.includes(schemeOf(key) ?? ''))) return undefined;
  return configuration(args);
}

/** For --json: which configuration said what was done. */
export interface Used {
  readonly configuration?: string;
  readonly profile?: string | undefined;
}

export function used(config: Config | undefined): Used {
  return config ? { configuration: config.path, profile: config.profile } : {};
}

/** Tells which configuration counts, and what came out of it where that is not for everybody to see otherwise. */
export function tellUse(args: Args, config: Config | undefined, what: string): void {
  if (!config) return;
  const profile = config.profile === undefined ? '' : `, profile ${config.profile}`;
  note(args, `${what}, by ${quote(config.path)}${profile}.`);
}

/** Keys as a person knows them, and as they are. */
export function shownKeys(
  config: Config,
  keys: readonly (string | Pick<ConfiguredKey, 'name' | 'uri'>)[],
): string {
  return keys
    .map((key) => (typeof key === 'string' ? config.key(key) : key))
    .map(({ name, uri }) => (name === undefined ? quote(uri) : `${name} (${quote(uri)})`))
    .join(', ');
}

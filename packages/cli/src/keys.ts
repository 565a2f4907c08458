import type { Config, ConfiguredKey } from '@weightseal/config';
import type { Context, KeyWrapper } from '@weightseal/core';
import type { Providers } from '@weightseal/keys';
import { usageError } from './cli-error.js';
import { configurationFor, shownKeys, tellUse, type Used, used } from './configuration.js';
import { type Asking, passphrasePrompt } from './passphrase-prompt.js';
import { providersOf } from './providers.js';
import { quote } from './text.js';
import type { Args } from './types.js';
import { contextOf } from './values.js';

interface KeyAccess extends Asking {
  /** Whether key files of other users are read. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /** Those that the command line names; a configuration has been given them already. */
  readonly providers?: Providers | undefined;
}

export async function accessOf(args: Args): Promise<KeyAccess> {
  return { allowKeyOfOthers: args.has('allow-key-of-others'), providers: await providersOf(args) };
}

/** The keys that names and URIs mean. @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, KEY_URI_INVALID, INVALID_ARGUMENT */
export async function resolveKeys(
  config: Config | undefined,
  keys: readonly (string | ConfiguredKey)[],
  asking: KeyAccess = {},
): Promise<KeyWrapper[]> {
  const { allowKeyOfOthers, providers } = asking;
  const options = { prompt: passphrasePrompt(asking), allowKeyOfOthers };
  if (config) return (await import('@weightseal/config')).keyWrappers(config, keys, options);
  const uris = keys.map((key) => (typeof key === 'string' ? key : key.uri));
  await checkUris(uris);
  return (await import('@weightseal/keys')).keysFromUris(uris, { ...options, providers });
}

/** Where there is no configuration, every key is named by its URI. */
export async function checkUris(keys: readonly string[]): Promise<void> {
  const { schemeOf } = await import('@weightseal/keys');
  if (keys.every((key) => schemeOf(key) !== undefined)) return;
  // Not repeated: what stands there by mistake may be a secret.
  throw usageError(
    'A key is named by its URI (a key file is local:<path>), or by a name from a configuration, and no weightseal.config file was found here or above.',
  );
}

interface ToSeal {
  readonly keys: KeyWrapper[];
  readonly context: Context | undefined;
  /** For --json: whom it is sealed for, and by which configuration. */
  readonly used: Used & {
    readonly recipients: readonly { readonly name?: string; readonly keyUri: string }[];
  };
}

/**
 * Whom to seal for: the keys of the command line, or else those of the rule that matches the input, with its context.
 *
 * @param place how the input is reached; undefined for standard input
 */
export async function keysToSeal(args: Args, place: string | undefined): Promise<ToSeal> {
  const given = args.many('key');
  const context = contextOf(args);
  const config = await configurationFor(args, given);
  if (given.length > 0) return sealFor(args, config, given, context);
  if (!config) throw noKeys('seal');
  const found = config.keysToSeal(place);
  if (!found) {
    const what =
      place === undefined ? 'standard input (only a rule without `path` can)' : quote(args.operand);
    throw usageError(
      `seal: No rule of ${quote(config.path)} matches ${what}. Add one to \`recipients\`, or name keys with --key.`,
    );
  }
  return sealFor(args, config, found.keys, config.contextToSeal(found, context));
}

async function sealFor(
  args: Args,
  config: Config | undefined,
  recipients: readonly (string | ConfiguredKey)[],
  context: Context | undefined,
): Promise<ToSeal> {
  const keys = await resolveKeys(config, recipients, { ...(await accessOf(args)), fresh: true });
  if (config) tellUse(args, config, `sealing for ${shownKeys(config, recipients)}`);
  const nameOf = (key: string | ConfiguredKey) => (typeof key === 'string' ? config?.key(key) : key)?.name;
  const told = recipients.map((key, index) => {
    const name = nameOf(key);
    return { ...(name !== undefined && { name }), keyUri: keys[index]!.uri };
  });
  return { keys, context, used: { ...used(config), recipients: told } };
}

interface ToOpen {
  readonly keys: KeyWrapper[];
  readonly hedgeMs: number | undefined;
  readonly config: Config | undefined;
  /** For --json. */
  readonly used: Used;
}

/** The keys that may open: those of the command line, or else those that the configuration allows. */
export async function keysToOpen(args: Args, command: string, more: readonly string[] = []): Promise<ToOpen> {
  const given = args.many('key');
  const config = await configurationFor(args, given.length > 0 ? [...given, ...more] : []);
  const keys = given.length > 0 ? given : config?.keysToOpen();
  if (keys) {
    const resolved = await resolveKeys(config, keys, await accessOf(args));
    if (config) tellUse(args, config, `asking ${shownKeys(config, keys)}`);
    return { keys: resolved, hedgeMs: config?.hedgeMs, config, used: used(config) };
  }
  if (!config) throw noKeys(command);
  throw usageError(
    `${command}: ${quote(config.path)} has no \`open\`, which says what keys to ask. Add it, or name keys with --key.`,
  );
}

function noKeys(command: string): Error {
  return usageError(
    `${command}: It needs --key <key>, or a configuration that says which; no weightseal.config file was found here or above. \`weightseal ${command} --help\` shows how.`,
  );
}

import type { Config, ConfiguredKey } from '@weightseal/config';
import type { Context, KeyWrapper, ReleaseJudge } from '@weightseal/core';
import type { Providers } from '@weightseal/keys';
import { fs } from './builtins.js';
import { usageError } from './cli-error.js';
import { configurationFor, shownKeys, tellUse, type Used, used } from './configuration.js';
import { core } from './core.js';
import { type Asking, passphrasePrompt } from './passphrase-prompt.js';
import { providersOf } from './providers.js';
import { quote, shellWord } from './text.js';
import { trustFor } from './trust.js';
import type { Args } from './types.js';
import { contextOf } from './values.js';

interface KeyAccess extends Asking {
  /** Whether key files of other users are read. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /** Whether passphrases that would be guessed wrap. */
  readonly allowWeakPassphrase?: boolean | undefined;
  /** Those that the command line names; a configuration has been given them already. */
  readonly providers?: Providers | undefined;
}

export async function accessOf(args: Args): Promise<KeyAccess> {
  return {
    allowKeyOfOthers: args.has('allow-key-of-others'),
    allowWeakPassphrase: args.has('allow-weak-passphrase'),
    providers: await providersOf(args),
  };
}

/** The keys that names and URIs mean. @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, KEY_URI_INVALID, INVALID_ARGUMENT */
export async function resolveKeys(
  config: Config | undefined,
  keys: readonly (string | ConfiguredKey)[],
  asking: KeyAccess = {},
): Promise<KeyWrapper[]> {
  const { allowKeyOfOthers, allowWeakPassphrase, providers } = asking;
  const options = { prompt: passphrasePrompt(asking), allowKeyOfOthers, allowWeakPassphrase };
  if (config) {
    const { keyWrappers } = await import('@weightseal/config');
    return await allOf(keys, async (key) => (await keyWrappers(config, [key], options))[0]!);
  }
  const uris = keys.map((key) => (typeof key === 'string' ? key : key.uri));
  await checkUris(uris);
  const { keyFromUri } = await import('@weightseal/keys');
  return await allOf(uris, (uri) => keyFromUri(uri, { ...options, providers }));
}

/** With all that is wrong, where several are. Keys are told by their place: what stands there by mistake may be a secret. */
async function allOf<T>(keys: readonly T[], make: (key: T) => Promise<KeyWrapper>): Promise<KeyWrapper[]> {
  const settled = await Promise.allSettled(keys.map(make));
  const wrong = settled.flatMap((one, index) =>
    one.status === 'rejected' ? [{ error: one.reason as unknown, index }] : [],
  );
  if (wrong.length === 0) return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const { isWeightsealError, WeightsealError } = await core();
  const failures = wrong.flatMap(({ error }) => (isWeightsealError(error) ? [error] : []));
  const [first] = failures;
  if (wrong.length === 1 || failures.length < wrong.length || first === undefined) throw wrong[0]!.error;
  const told = failures.map(({ code, message }, at) => `Key ${wrong[at]!.index + 1}: ${message} (${code})`);
  // As the library has it of keys that fail: one code only where it is that of all.
  const same = failures.every(({ code }) => code === first.code);
  throw new WeightsealError(
    same ? first.code : 'INVALID_ARGUMENT',
    `${failures.length} of ${keys.length} keys cannot be used, so nothing was done. ${told.join(' | ')}`,
    { cause: first, failures },
  );
}

/** Where there is no configuration, every key is named by its URI. */
export async function checkUris(keys: readonly string[]): Promise<void> {
  const { schemeOf } = await import('@weightseal/keys');
  const wrong = keys.filter((key) => schemeOf(key) === undefined);
  if (wrong.length === 0) return;
  const file = wrong.find((key) => fs.existsSync(key));
  if (file !== undefined)
    throw usageError(
      `${quote(file)} is a file here, and a key is named by its URI: a key file is ${shellWord(`local:${file}`)}.`,
    );
  // Not repeated: what stands there by mistake may be a secret.
  throw usageError(
    'A key is named by its URI (a key file is local:<path>), or by a name from a configuration, and no weightseal.config file was found here or above.',
  );
}

export interface ToSeal {
  readonly keys: KeyWrapper[];
  readonly context: Context | undefined;
  readonly config: Config | undefined;
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
      place === undefined
        ? `${args.operand === '-' ? 'standard input' : quote(args.operand)} (only a rule without \`path\` can)`
        : quote(args.operand);
    throw usageError(
      `seal: No rule of ${quote(config.path)} matches ${what}. Add one to \`recipients\`, or name keys with --key.${config.noProfile()}`,
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
  return { keys, context, config, used: { ...used(config), recipients: told } };
}

interface ToOpen {
  readonly keys: KeyWrapper[];
  readonly hedgeMs: number | undefined;
  /** What is asked before them. */
  readonly trust: ReleaseJudge | undefined;
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
    const trust = await trustFor(args, config);
    return { keys: resolved, hedgeMs: config?.hedgeMs, trust, config, used: used(config) };
  }
  if (!config) throw noKeys(command);
  throw usageError(
    `${command}: ${quote(config.path)} has no \`open\`, which says what keys to ask. Add it, or name keys with --key.${config.noProfile()}`,
  );
}

function noKeys(command: string): Error {
  return usageError(
    `${command}: It needs --key <key>, or a configuration that says which; no weightseal.config file was found here or above. \`weightseal ${command} --help\` shows how.`,
  );
}

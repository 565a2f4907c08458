import type { Context } from '@weightseal/core';
import { SCHEMES_BY_HOST, schemeOf } from '@weightseal/keys';
import { moduleOf, optionsOf } from './check-providers.js';
import type { ConfigInput, ProfileInput, ProviderInput } from './define.js';
import { formsOf, hasReference, variablesOf } from './interpolate.js';
import type { Checked } from './load.js';
import { masked } from './masked.js';
import { trustFilesIn } from './pinned-files.js';
import type { TrustedFiles } from './trust.js';
import { type TrustInput, trustOf } from './trust-input.js';

/** What one layer of a configuration says: that under all profiles, or a profile. */
export interface SummaryLayer {
  /** Undefined for what counts in all profiles unless they say otherwise. */
  readonly profile: string | undefined;
  readonly keys: readonly {
    readonly name: string;
    readonly uri: string;
    readonly formerUris: readonly string[] | undefined;
    readonly deadlineMs: number | undefined;
  }[];
  /** `path` undefined for what matches everything. */
  readonly recipients: readonly {
    readonly path: readonly string[] | undefined;
    readonly keys: readonly string[];
    readonly context: Context;
    readonly requiredContext: readonly string[];
  }[];
  readonly open: readonly string[] | undefined;
  readonly deadlineMs: number | undefined;
  readonly hedgeMs: number | undefined;
  /** Code that is run when a key of the scheme is used. */
  readonly providers:
    | readonly {
        readonly scheme: string;
        readonly module: string;
        readonly options: object | undefined;
      }[]
    | undefined;
  /** What stores are given, by scheme or by the beginning of a URI. Texts that are secrets are left out. */
  readonly stores: readonly { readonly of: string; readonly options: object }[] | undefined;
  /** Who may release the models that are opened. */
  readonly trust: TrustInput | undefined;
}

/** What a configuration would do, as it is written: nothing of the environment is put in, and nobody is asked. */
export interface ConfigSummary {
  /** The profile that counts unless told, as it is written. */
  readonly preset: string | undefined;
  readonly layers: readonly SummaryLayer[];
  /** The variables of the environment that it reads. */
  readonly variables: readonly string[];
  /** The hosts that it names, also those that are only a default or where a key was. Those of clouds stand in no URI. */
  readonly hosts: readonly string[];
  /** PKCS#11 modules, native code, that it names. */
  readonly modules: readonly string[];
  /** Code that it runs: packages; and files, with those that they name, with what they are now where the configuration was found. Undefined for none. */
  readonly code: readonly { readonly module: string; readonly sha256: string | undefined }[] | undefined;
  /** Keys and certificates by which it says who may release models, with what they are now where the configuration was found. Undefined for none. */
  readonly signers: readonly { readonly file: string; readonly sha256: string | undefined }[] | undefined;
}

/**
 * @param files what the files are that it runs, where that was looked at
 * @param pins and those by which it says whom it trusts
 */
export function summarise(
  { config }: Pick<Checked, 'config'>,
  files: TrustedFiles = {},
  pins: TrustedFiles = {},
): ConfigSummary {
  const profiles = Object.entries(config.profiles ?? {});
  const layers = [layerOf(config, undefined), ...profiles.map(([name, profile]) => layerOf(profile, name))];
  const uris = unique(layers.flatMap(urisOf));
  return {
    preset: config.profile,
    layers: layers.map(shown),
    variables: unique([...textsIn(config).flatMap(variablesOf), ...layers.flatMap(namedByStores)]),
    hosts: unique([
      ...uris.flatMap(hostsOf),
      ...layers.flatMap(hostsOfStores),
      ...layers.flatMap(hostsOfChannels),
    ]),
    modules: unique(uris.flatMap(modulesOf)),
    code: someOf(
      unique([...modulesIn(config), ...Object.keys(files)]).map((module) => ({
        module,
        sha256: files[module],
      })),
    ),
    signers: someOf(trustFilesIn(config).map((file) => ({ file, sha256: pins[file] }))),
  };
}

/** A program, which can have more than names, is not read. */
function nameOf(input: ProviderInput): string {
  return moduleOf(input) as string;
}

/** The packages and files of all providers, whichever profile counts. */
export function modulesIn(config: ConfigInput): readonly string[] {
  const layers: readonly ProfileInput[] = [config, ...Object.values(config.profiles ?? {})];
  return unique(layers.flatMap(({ providers = {} }) => Object.values(providers).map(nameOf)));
}

function layerOf(
  { keys = {}, recipients = [], open, deadlineMs, hedgeMs, providers = {}, stores = {}, trust }: ProfileInput,
  profile: string | undefined,
): SummaryLayer {
  return {
    profile,
    keys: Object.entries(keys).map(([name, key]) => {
      const { uri, formerUris, deadlineMs: own } = typeof key === 'string' ? { uri: key } : key;
      return { name, uri, formerUris, deadlineMs: own };
    }),
    recipients: recipients.map(({ path, keys: names, context = {} }) => ({
      path: typeof path === 'string' ? [path] : path,
      keys: names,
      ...pairsOf(context),
    })),
    open,
    deadlineMs,
    hedgeMs,
    providers: someOf(
      Object.entries(providers).map(([scheme, input]) => ({
        scheme,
        module: nameOf(input),
        options: optionsOf(input),
      })),
    ),
    stores: someOf(Object.entries(stores).map(([of, options]) => ({ of, options }))),
    trust: trust && trustOf(trust),
  };
}

/** What is known by now: hosts and variables are told of all that it says. */
function shown({ stores, ...layer }: SummaryLayer): SummaryLayer {
  return { ...layer, stores: stores?.map(({ of, options }) => ({ of, options: masked(options) })) };
}

function pairsOf(context: Readonly<Record<string, string | true>>): {
  readonly context: Context;
  readonly requiredContext: readonly string[];
} {
  const pairs = Object.entries(context);
  const isSet = (pair: [string, string | true]): pair is [string, string] => pair[1] !== true;
  return {
    context: Object.fromEntries(pairs.filter(isSet)),
    requiredContext: pairs.flatMap(([name, value]) => (value === true ? [name] : [])),
  };
}

/** All that is a key's URI, or can become one. */
function urisOf({ keys, recipients, open = [] }: SummaryLayer): string[] {
  const texts = [
    ...keys.flatMap(({ uri, formerUris = [] }) => [uri, ...formerUris]),
    ...recipients.flatMap(({ keys: names }) => names),
    ...open,
  ];
  return texts.filter((text) => schemeOf(text) !== undefined || hasReference(text));
}

/** Every text of it, names apart. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** A scheme that is written out stays what it is; what begins with the environment can become of any. */
function canBe(uri: string, schemes: readonly string[]): boolean {
  const scheme = schemeOf(uri);
  return scheme === undefined || schemes.includes(scheme);
}

/** A reference to the environment in a host stays as it is written, without its default; with that it is another one. */
function hostsOf(text: string): string[] {
  if (!canBe(text, SCHEMES_BY_HOST)) return [];
  return formsOf(text).flatMap((form) => {
    const [, host = ''] = (canBe(form, SCHEMES_BY_HOST) && /\/\/([^/?#]*)/.exec(form)) || [];
    return host === '' ? [] : [host];
  });
}

/** Secrets that are looked for in the environment when they are used: `{ env: NAME }`. */
function namedByStores({ stores = [] }: SummaryLayer): string[] {
  return stores.flatMap(({ options }) => variablesNamedIn(options));
}

function variablesNamedIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { env } = value as { readonly env?: unknown };
  return [...(typeof env === 'string' ? [env] : []), ...Object.values(value).flatMap(variablesNamedIn)];
}

/** Endpoints, proxies, and hosts that something is said of. A user name before one is none of it. */
function hostsOfStores({ stores = [] }: SummaryLayer): string[] {
  const texts = stores.flatMap(({ of, options }) => [
    ...(/^https?:/.test(of) ? [of] : []),
    ...textsIn(options),
  ]);
  return texts.flatMap(formsOf).flatMap((form) => {
    const [, host = ''] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(form) ?? [];
    return host === '' ? [] : [host];
  });
}

/** Of channels over https: those of clouds stand in no URI. */
function hostsOfChannels({ trust }: SummaryLayer): string[] {
  const channels = (trust?.rules ?? []).flatMap(({ channel }) =>
    typeof channel === 'object' ? [channel.at] : channel === undefined ? [] : [channel],
  );
  return channels.flatMap(formsOf).flatMap((form) => {
    const [, host = ''] = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(form) ?? [];
    return host === '' ? [] : [host];
  });
}

function modulesOf(text: string): string[] {
  if (!canBe(text, ['pkcs11'])) return [];
  return formsOf(text).flatMap((form) => form.match(/module-[a-z]+=[^&]*/gi) ?? []);
}

function someOf<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

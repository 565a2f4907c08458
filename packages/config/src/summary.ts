import { schemeOf } from '@weightseal/keys';
import type { ProfileInput } from './define.js';
import { variablesOf } from './interpolate.js';
import type { Checked } from './load.js';

/** What one layer of a configuration says: that under all profiles, or a profile. */
export interface SummaryLayer {
  /** Undefined for what counts in all profiles unless they say otherwise. */
  readonly profile: string | undefined;
  readonly keys: readonly { readonly name: string; readonly uri: string }[];
  /** `path` undefined for what matches everything. */
  readonly recipients: readonly {
    readonly path: readonly string[] | undefined;
    readonly keys: readonly string[];
  }[];
  readonly open: readonly string[] | undefined;
}

/** What a configuration would do, as it is written: nothing of the environment is put in, and nobody is asked. */
export interface ConfigSummary {
  /** The profile that counts unless told, as it is written. */
  readonly preset: string | undefined;
  readonly layers: readonly SummaryLayer[];
  /** The variables of the environment that it reads. */
  readonly variables: readonly string[];
  /** The hosts that it names. Those of clouds stand in no URI. */
  readonly hosts: readonly string[];
  /** PKCS#11 modules, native code, that it names. */
  readonly modules: readonly string[];
}

export function summarise({ config }: Pick<Checked, 'config'>): ConfigSummary {
  const profiles = Object.entries(config.profiles ?? {});
  const layers = [layerOf(config, undefined), ...profiles.map(([name, profile]) => layerOf(profile, name))];
  const uris = layers
    .flatMap(({ keys, recipients, open = [] }) => [
      ...keys.map(({ uri }) => uri),
      ...recipients.flatMap(({ keys: names }) => names),
      ...open,
    ])
    .filter((text) => schemeOf(text) !== undefined);
  return {
    preset: config.profile,
    layers,
    variables: unique(textsIn(config).flatMap(variablesOf)),
    hosts: unique(uris.flatMap(hostOf)),
    modules: unique(uris.flatMap((uri) => (schemeOf(uri) === 'pkcs11' ? modulesOf(uri) : []))),
  };
}

function layerOf(
  { keys = {}, recipients = [], open }: ProfileInput,
  profile: string | undefined,
): SummaryLayer {
  return {
    profile,
    keys: Object.entries(keys).map(([name, key]) => ({ name, uri: typeof key === 'string' ? key : key.uri })),
    recipients: recipients.map(({ path, keys: names }) => ({
      path: typeof path === 'string' ? [path] : path,
      keys: names,
    })),
    open,
  };
}

/** Every text of it, names apart. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Of the providers whose URIs name one; a reference to the environment in it stays as it is written. */
function hostOf(uri: string): string[] {
  if (!/^(?:vault|azure-kv):\/\//.test(uri)) return [];
  return [uri.slice(uri.indexOf('//') + 2).replace(/[/?#].*$/s, '')];
}

function modulesOf(uri: string): string[] {
  return [...uri.matchAll(/[?&](module-[a-z]+=[^&]*)/gi)].map(([, module]) => module!);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

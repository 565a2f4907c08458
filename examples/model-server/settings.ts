import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, storeLocation } from '@weightseal/config';
import { type KeyWrapper, type StoreLocation, WeightsealError } from '@weightseal/core';
import { keysFromUris } from '@weightseal/keys';
import type { PlaceOptions } from '@weightseal/loader';
import { isStoreUri, locationFromUri } from '@weightseal/stores';

/** Where the models are: sealed, to be opened here, or opened already by `weightseal run`. */
export type Source =
  | {
      readonly kind: 'sealed';
      /**
       * What is sealed, for a version: a path, or a place in a store. The same store each time, for as long as the server runs: it keeps its connections, and knows what its store can take.
       */
      readonly sealed: (version: string | undefined) => Promise<string | StoreLocation>;
      readonly keys: readonly KeyWrapper[];
      /** What the sealed file must have been sealed for. */
      readonly model: string;
      readonly place: PlaceOptions;
    }
  | { readonly kind: 'opened'; readonly path: string };

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** The version to serve; undefined accepts any version of the model. */
  readonly version: string | undefined;
  readonly source: Source;
  /** The object that names the version to serve, where it is one in a store; and how often it is looked at. */
  readonly pointer: { readonly place: StoreLocation; readonly everyMs: number } | undefined;
}

/** README.md lists the variables. None begins with WEIGHTSEAL_: `weightseal run` takes those away. */
export async function settingsFrom(env: NodeJS.ProcessEnv): Promise<Settings> {
  const placeOf = placesFrom(env);
  const source = await sourceFrom(env, placeOf);
  const { HOST: host = '127.0.0.1', PORT: port = '8080' } = env;
  const version = env['MODEL_VERSION'] || undefined;
  if (version !== undefined && !isVersion(version)) throw wrong('MODEL_VERSION is no version');
  const { MODEL_POINTER: uri, MODEL_POINTER_EVERY_MS: everyMs = '10000' } = env;
  if (uri && version !== undefined) throw wrong('MODEL_POINTER names the version, so MODEL_VERSION cannot');
  if (uri && source.kind === 'opened') throw wrong('with `weightseal run` there is no MODEL_POINTER');
  const pointer = uri ? { place: await placeOf(uri), everyMs: Number(everyMs) } : undefined;
  return { host, port: Number(port), version, source, pointer };
}

type PlaceOf = (uri: string) => Promise<StoreLocation>;

/** Endpoints and the like stand in a configuration; without one, stores are as their SDKs find them. */
function placesFrom({ MODEL_CONFIG: path }: NodeJS.ProcessEnv): PlaceOf {
  if (!path) return locationFromUri;
  const config = loadConfig({ path });
  return async (uri) => storeLocation(await config, uri);
}

async function sourceFrom(env: NodeJS.ProcessEnv, placeOf: PlaceOf): Promise<Source> {
  const { WEIGHTSEAL_MODEL_PATH: opened, MODEL_SEALED: path, MODEL_KEYS: uris, MODEL_NAME: model } = env;
  if (opened) return { kind: 'opened', path: opened };
  if (!path || !uris || !model) throw wrong('MODEL_SEALED, MODEL_KEYS and MODEL_NAME are needed');
  const place = {
    // Without a name in any directory nothing is left of it, whatever is killed.
    nameless: true,
    directory: env['MODEL_DIRECTORY'] || undefined,
    requireNoSwap: env['MODEL_REQUIRE_NO_SWAP'] === '1',
  };
  const sealed = isStoreUri(path) ? inStore(path, await placeOf(path)) : onDisk(path);
  return { kind: 'sealed', sealed, keys: await keysFromUris(uris.trim().split(/\s+/)), model, place };
}

/** What may stand in a file's name: requests name versions. */
export function isVersion(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

type Sealed = (Source & { readonly kind: 'sealed' })['sealed'];

/** A sealed file, or a directory that has `VERSION.sealed` for each version. */
function onDisk(path: string): Sealed {
  return async (version) => {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) return path;
    if (version === undefined) throw wrong('MODEL_SEALED is a directory, so MODEL_VERSION is needed');
    return join(path, `${version}.sealed`);
  };
}

/** An object or a bundle; where the URI ends in a slash, each version is one below it. */
function inStore(uri: string, place: StoreLocation): Sealed {
  if (!uri.endsWith('/')) return async () => place;
  return async (version) => {
    if (version === undefined)
      throw wrong('MODEL_SEALED ends in a slash, so MODEL_VERSION or MODEL_POINTER is needed');
    return { ...place, key: place.key === '' ? version : `${place.key}/${version}` };
  };
}

function wrong(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${what}; README.md has the settings.`);
}

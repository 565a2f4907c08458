import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyWrapper, WeightsealError } from '@weightseal/core';
import { keysFromUris } from '@weightseal/keys';
import type { PlaceOptions } from '@weightseal/loader';

/** Where the models are: sealed, to be opened here, or opened already by `weightseal run`. */
export type Source =
  | {
      readonly kind: 'sealed';
      /** A sealed file, or a directory that has `VERSION.sealed` for each version. */
      readonly path: string;
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
}

/** README.md lists the variables. None begins with WEIGHTSEAL_: `weightseal run` takes those away. */
export async function settingsFrom(env: NodeJS.ProcessEnv): Promise<Settings> {
  const source = await sourceFrom(env);
  const { HOST: host = '127.0.0.1', PORT: port = '8080' } = env;
  const version = env['MODEL_VERSION'] || undefined;
  if (version !== undefined && !isVersion(version)) throw wrong('MODEL_VERSION is no version');
  return { host, port: Number(port), version, source };
}

async function sourceFrom(env: NodeJS.ProcessEnv): Promise<Source> {
  const { WEIGHTSEAL_MODEL_PATH: opened, MODEL_SEALED: path, MODEL_KEYS: uris, MODEL_NAME: model } = env;
  if (opened) return { kind: 'opened', path: opened };
  if (!path || !uris || !model) throw wrong('MODEL_SEALED, MODEL_KEYS and MODEL_NAME are needed');
  const place = {
    // Without a name in any directory nothing is left of it, whatever is killed.
    nameless: true,
    directory: env['MODEL_DIRECTORY'] || undefined,
    requireNoSwap: env['MODEL_REQUIRE_NO_SWAP'] === '1',
  };
  return { kind: 'sealed', path, keys: await keysFromUris(uris.trim().split(/\s+/)), model, place };
}

/** What may stand in a file's name: requests name versions. */
export function isVersion(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

export async function sealedFile(path: string, version: string | undefined): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return path;
  if (version === undefined) throw wrong('MODEL_SEALED is a directory, so MODEL_VERSION is needed');
  return join(path, `${version}.sealed`);
}

function wrong(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${what}; README.md has the settings.`);
}

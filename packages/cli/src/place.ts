import type { StoreLocation } from '@weightseal/core';
import { fs } from './builtins.js';
import { smallHeap } from './bundle/small-heap.js';
import { usageError } from './cli-error.js';
import { clientTls } from './client-tls.js';
import { configuration } from './configuration.js';
import { core } from './core.js';
import { providersOf } from './providers.js';
import { quote } from './text.js';
import type { Args } from './types.js';

/** As `isStoreUri` of core has it, which need not be loaded for that. A file of such a name is `./s3:/…`. */
export function isUri(word: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(word);
}

/**
 * What a word of the command line names: a path here, or a place in a store. The one place where the two are told apart. Nothing of stores is loaded where there is no URI; what a store is reached
 * by is said by the configuration.
 */
export class Place implements AsyncDisposable {
  /** As the command line has it. */
  readonly text: string;
  /** What the library takes. */
  readonly at: string | StoreLocation;
  readonly #small: Disposable | undefined;
  #open = true;

  private constructor(text: string, at: string | StoreLocation) {
    this.text = text;
    this.at = at;
    // What an SDK makes for each request makes it grow, too.
    this.#small = typeof at === 'string' ? undefined : smallHeap();
  }

  /** Asks no store yet. @throws STORE_URI_INVALID, PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, and what the configuration throws */
  static async of(args: Args, text: string): Promise<Place> {
    return new Place(text, isUri(text) ? await locationOf(args, text) : text);
  }

  /** Undefined for a path. */
  get location(): StoreLocation | undefined {
    return typeof this.at === 'string' ? undefined : this.at;
  }

  /** Whether one slash at the end says that it is the prefix of a bundle, or that something goes below it. */
  get endsInSlash(): boolean {
    return this.text.endsWith('/');
  }

  /** What is there; undefined for standard input, and for what cannot be looked at, which is told where it is opened. */
  async kind(signal: AbortSignal): Promise<'file' | 'directory' | undefined> {
    if (typeof this.at === 'string') return kindOf(this.at);
    if (this.endsInSlash) return 'directory';
    const { lookInStore } = await core();
    const found = await lookInStore(this.at, { signal });
    if ('bundle' in found) return 'directory';
    await found.file.close();
    return 'file';
  }

  /** Ends the connections of its store. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#small?.[Symbol.dispose]();
    await this.location?.store.close();
  }
}

function kindOf(path: string): 'file' | 'directory' | undefined {
  if (path === '-') return undefined;
  try {
    return fs.statSync(path).isDirectory() ? 'directory' : 'file';
  } catch {
    return undefined;
  }
}

async function locationOf(args: Args, uri: string): Promise<StoreLocation> {
  const tls = clientTls(args);
  // Whom a configuration trusts there instead, `ca`, does not count beside it.
  const https = tls && { https: { tls, ca: undefined } };
  const config = await configuration(args);
  if (config) {
    const { storeLocation } = await import('@weightseal/config');
    return await storeLocation(config, uri, https ? { stores: https } : {});
  }
  const stores = { ...(await providersOf(args)), ...https };
  const { locationFromUri } = await import('@weightseal/stores');
  return await locationFromUri(uri, { stores });
}

/** For options that mean nothing where a store is named. @throws CliError of class usage */
export function refuseInStore(args: Args, flag: string, place: Place, why: string): void {
  if (!place.location || (!args.has(flag) && args.one(flag) === undefined)) return;
  throw usageError(`--${flag} is for paths, and ${quote(place.text)} is in a store: ${why}`);
}

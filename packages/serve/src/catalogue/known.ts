import { MANIFEST_NAME } from '@weightseal/core';
import { ENVELOPE, joined } from '../http/path.js';
import type { Found, Root } from '../root/root.js';
import { isSignature, MOST_SIGNATURE } from './documents.js';
import { Flights } from './flights.js';
import {
  type Asked,
  askedOf,
  type Bundle,
  bundleOf,
  isVerdict,
  manifestOf,
  openSame,
  type Pair,
} from './released.js';
import { WeightedCache } from './weighted-cache.js';

/** Files of releases that are known by name: some 200 bytes of memory each. */
const MOST_FILES = 262_144;
/** Longer documents are read one at a time: each is some ten times as much memory meanwhile. */
const LONG = 1_048_576;

/** What was said of some bytes. */
export interface Kept {
  readonly asked?: Asked | undefined;
  readonly bundle?: Bundle | undefined;
  /** SHA-256 of a manifest that is of its file. */
  readonly manifest?: string | undefined;
  readonly size?: number | undefined;
  readonly signature?: boolean;
}

/** What has been read of releases, for as long as the files are the same, and once for all who ask at once. */
export class Known {
  readonly #root: Root;
  readonly #onProblem: (error: Error) => void;
  readonly #kept = new WeightedCache<Kept>(MOST_FILES);
  readonly #flights = new Flights<Kept>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param onProblem told once of what is said of the bytes of a release that cannot be served */
  constructor(root: Root, onProblem: (error: Error) => void) {
    this.#root = root;
    this.#onProblem = onProblem;
  }

  /** Of a file that is sealed, whatever it is called. */
  async asked(path: string, found: Found, signal: AbortSignal): Promise<Asked | undefined> {
    const key = fileKey(path, found.identity);
    const kept = this.#kept.get(key) ?? (await this.#first('file', key, path, found, signal));
    return kept.asked;
  }

  /** Whether what is called an envelope is one. */
  async isEnvelope(directory: string, found: Found, signal: AbortSignal): Promise<boolean> {
    const key = `envelope\n${directory}\n${found.identity}`;
    const kept = this.#kept.get(key) ?? (await this.#first('bundle', key, directory, found, signal));
    return kept.asked !== undefined;
  }

  async #first(
    kind: 'file' | 'bundle',
    key: string,
    path: string,
    found: Found,
    signal: AbortSignal,
  ): Promise<Kept> {
    let kept: Kept;
    try {
      kept = { asked: await askedOf(kind, found, path, signal), size: found.size };
    } catch (error) {
      if (!isVerdict(error)) throw error;
      // Most files that are not sealed are not meant to be.
      if (kind === 'bundle') this.#onProblem(error);
      kept = {};
    }
    this.#kept.set(key, kept);
    return kept;
  }

  /** What is known of a file already, without a look at it. */
  before(path: string, identity: string): Kept | undefined {
    return this.#kept.get(fileKey(path, identity));
  }

  manifestBefore(path: string, identity: string, manifest: string): Kept | undefined {
    return this.#kept.get(manifestKey(path, identity, manifest));
  }

  /** The digest of a manifest, where it is of this file. */
  async manifest(
    path: string,
    file: Found,
    at: string,
    document: Found,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const key = manifestKey(path, file.identity, document.identity);
    const pair = pairOf(path, file, at, document);
    const kept = await this.#once(key, pair.manifest.size, signal, async (ending) => ({
      manifest: (await manifestOf(this.#root, 'file', pair, ending)).digest,
    }));
    return kept.manifest;
  }

  /** Undefined where the manifest is not of this envelope: nobody could tell then what belongs to it. */
  async bundle(
    directory: string,
    envelope: Found,
    manifest: Found,
    signal: AbortSignal,
  ): Promise<Bundle | undefined> {
    const key = `bundle\n${directory}\n${envelope.identity}\n${manifest.identity}`;
    const at = (name: string) => joined(directory, name);
    const pair = pairOf(at(ENVELOPE), envelope, at(MANIFEST_NAME), manifest);
    const kept = await this.#once(key, pair.manifest.size, signal, async (ending) => ({
      bundle: await bundleOf(this.#root, directory, pair, ending),
    }));
    return kept.bundle;
  }

  /** Whether a document is a signature, of a file or of a bundle. */
  async isSignature(
    kind: 'file' | 'bundle',
    path: string,
    { identity, size }: Found,
    signal: AbortSignal,
  ): Promise<boolean> {
    const kept = await this.#once(`signature\n${path}\n${identity}`, size, signal, async (ending) => {
      await using found = await openSame(this.#root, { path, identity }, ending);
      return { signature: await isSignature(found, MOST_SIGNATURE[kind], ending) };
    });
    return kept.signature === true;
  }

  async #once(
    key: string,
    size: number,
    signal: AbortSignal,
    look: (signal: AbortSignal) => Promise<Kept>,
  ): Promise<Kept> {
    const known = this.#kept.get(key);
    if (known) return known;
    return await this.#flights.join(key, signal, async (ending) => {
      let kept: Kept;
      try {
        kept = await (size > LONG ? this.#alone(() => look(ending)) : look(ending));
      } catch (error) {
        if (!isVerdict(error)) throw error;
        this.#onProblem(error);
        kept = {};
      }
      this.#kept.set(key, kept, 1 + (kept.bundle?.members.size ?? 0));
      return kept;
    });
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine;
    return await mine;
  }
}

function fileKey(path: string, identity: string): string {
  return `file\n${path}\n${identity}`;
}

function manifestKey(path: string, identity: string, manifest: string): string {
  return `manifest\n${path}\n${identity}\n${manifest}`;
}

function pairOf(path: string, { identity }: Found, at: string, document: Found): Pair {
  return { path, identity, manifest: { path: at, identity: document.identity, size: document.size } };
}

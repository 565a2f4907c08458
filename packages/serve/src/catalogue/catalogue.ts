import { MANIFEST_NAME, SIGNATURE_NAME } from '@weightseal/core';
import { directoriesAbove, documentOf, isHidden, joined } from '../http/path.js';
import type { Candidate, Found, Root } from '../root/root.js';
import type { Digests } from './digests.js';
import { askedByChannel, isSignature, looksLikeKey } from './documents.js';
import { type Asked, askedOf, type Bundle, bundleOf, manifestOf } from './released.js';
import { WeightedCache } from './weighted-cache.js';

const ENVELOPE = 'weightseal.json';
/** Files of releases that are known by name: some 200 bytes of memory each. */
const MOST_FILES = 262_144;

/** What may be served to whom it is allowed. */
export interface Item {
  readonly found: Found;
  readonly asked: Asked;
  /** SHA-256 as a manifest says, where there is one. */
  readonly sha256?: string | undefined;
  readonly type: 'application/octet-stream' | 'application/json';
}

/** An entry of the index. */
export interface Entry extends Asked {
  readonly path: string;
  readonly kind: 'bundle' | 'file';
  readonly manifest?: string | undefined;
  readonly manifestSha256?: string | undefined;
  readonly sealedSize: number;
}

interface Kept {
  readonly asked?: Asked | undefined;
  readonly bundle?: Bundle | undefined;
  readonly manifest?: string | undefined;
}

/** What of a root is sealed, or belongs to what is. It is looked at when it is asked for, and what was found is kept for as long as the files are the same. */
export class Catalogue {
  readonly #root: Root;
  readonly #digests: Digests;
  readonly #any: boolean;
  readonly #kept = new WeightedCache<Kept>(MOST_FILES);

  constructor(root: Root, digests: Digests, any: boolean) {
    this.#root = root;
    this.#digests = digests;
    this.#any = any;
  }

  /** Undefined for what is not there, and for what is not to be served. The file in it is the caller's to close. */
  async resolve(path: string, signal: AbortSignal): Promise<Item | undefined> {
    for (const directory of directoriesAbove(path)) {
      if (directory !== '' && isHidden(directory)) return undefined;
      await using envelope = await this.#root.open(joined(directory, ENVELOPE), signal);
      if (envelope) return await this.#inBundle(directory, path, envelope, signal);
    }
    if (isHidden(path)) return undefined;
    return await this.#opened(path, signal, (found) => this.#byItself(path, found, signal));
  }

  /** Closes what is not given out. */
  async #opened(
    path: string,
    signal: AbortSignal,
    judge: (found: Found) => Promise<Omit<Item, 'found'> | undefined>,
  ): Promise<Item | undefined> {
    const found = await this.#root.open(path, signal);
    if (!found) return undefined;
    let item: Omit<Item, 'found'> | undefined;
    try {
      item = await judge(found);
    } finally {
      if (!item) await found[Symbol.asyncDispose]();
    }
    return item && { found, ...item };
  }

  async #byItself(path: string, found: Found, signal: AbortSignal): Promise<Omit<Item, 'found'> | undefined> {
    const document = documentOf(path);
    if (document?.kind === 'channel') {
      const asked = await askedByChannel(found, signal);
      if (asked) return { asked, type: 'application/json' };
    } else if (document) {
      const of = await this.#documentOf(document.of, document.kind, path, found, signal);
      if (of) return of;
    }
    const asked = await this.#asked(path, found, signal);
    if (asked) return { asked, type: 'application/octet-stream' };
    if (!this.#any || (await looksLikeKey(found, signal))) return undefined;
    return { asked: { model: path, byPath: true }, type: 'application/octet-stream' };
  }

  /** A manifest that is of the sealed file beside it; a signature beside one. */
  async #documentOf(
    file: string,
    kind: 'manifest' | 'signature',
    path: string,
    found: Found,
    signal: AbortSignal,
  ): Promise<Omit<Item, 'found'> | undefined> {
    await using sealed = await this.#root.open(file, signal);
    const asked = sealed && (await this.#asked(file, sealed, signal));
    if (!asked) return undefined;
    const type = 'application/json';
    if (kind === 'signature') return (await isSignature(found, signal)) ? { asked, type } : undefined;
    const wanted = await this.#manifest(file, sealed, found, signal);
    const sha256 = await this.#digests.of(path, found.identity, signal);
    return sha256 === wanted ? { asked, type, sha256 } : undefined;
  }

  async #inBundle(
    directory: string,
    path: string,
    envelope: Found,
    signal: AbortSignal,
  ): Promise<Item | undefined> {
    const bundle = await this.#bundle(directory, envelope, signal);
    const name = directory === '' ? path : path.slice(directory.length + 1);
    return await this.#opened(path, signal, async (found) => {
      if (bundle) {
        const { asked } = bundle;
        if (name === ENVELOPE) return { asked, type: 'application/json' };
        if (name === MANIFEST_NAME) return { asked, type: 'application/json', sha256: bundle.manifest };
        if (name === SIGNATURE_NAME && (await isSignature(found, signal)))
          return { asked, type: 'application/json' };
        const member = bundle.members.get(name);
        if (member) {
          const sha256 = member.size === found.size ? member.sha256 : undefined;
          return { asked, type: 'application/octet-stream', sha256 };
        }
      }
      if (!this.#any || isHidden(path) || (await looksLikeKey(found, signal))) return undefined;
      return { asked: bundle?.asked ?? { model: path, byPath: true }, type: 'application/octet-stream' };
    });
  }

  async #asked(path: string, found: Found, signal: AbortSignal): Promise<Asked | undefined> {
    const kept = await this.#keep(`file\n${path}\n${found.identity}`, async () => ({
      asked: await askedOf(found, path, signal),
    }));
    return kept.asked;
  }

  async #manifest(
    path: string,
    file: Found,
    document: Found,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const kept = await this.#keep(`manifest\n${path}\n${file.identity}\n${document.identity}`, async () => ({
      manifest: await manifestOf(this.#root, path, signal),
    }));
    return kept.manifest;
  }

  async #bundle(directory: string, envelope: Found, signal: AbortSignal): Promise<Bundle | undefined> {
    await using manifest = await this.#root.open(joined(directory, MANIFEST_NAME), signal);
    if (!manifest) return undefined;
    const key = `bundle\n${directory}\n${envelope.identity}\n${manifest.identity}`;
    const kept = await this.#keep(key, async () => ({
      bundle: await bundleOf(this.#root, directory, envelope, signal),
    }));
    return kept.bundle;
  }

  async #keep(key: string, look: () => Promise<Kept>): Promise<Kept> {
    const known = this.#kept.get(key);
    if (known) return known;
    const kept = await look();
    this.#kept.set(key, kept, 1 + (kept.bundle?.members.size ?? 0));
    return kept;
  }

  /** What a candidate of the root is, for the index; undefined for what is not sealed, or cannot be read now. */
  async entry({ kind, path }: Candidate, signal: AbortSignal): Promise<Entry | undefined> {
    if (kind === 'bundle') {
      await using envelope = await this.#root.open(joined(path, ENVELOPE), signal);
      const bundle = envelope && (await this.#bundle(path, envelope, signal));
      if (!bundle) return undefined;
      const { asked, manifest, sealedSize } = bundle;
      const at = joined(path, MANIFEST_NAME);
      return { kind, path, ...asked, manifest: at, manifestSha256: manifest, sealedSize };
    }
    await using found = await this.#root.open(path, signal);
    const asked = found && (await this.#asked(path, found, signal));
    if (!asked) return undefined;
    const at = `${path}.${MANIFEST_NAME}`;
    await using document = await this.#root.open(at, signal);
    const manifestSha256 = document && (await this.#manifest(path, found, document, signal));
    return {
      kind,
      path,
      ...asked,
      ...(manifestSha256 !== undefined && { manifest: at, manifestSha256 }),
      sealedSize: found.size,
    };
  }
}

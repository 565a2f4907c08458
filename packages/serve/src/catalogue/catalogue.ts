import { beginsSealed, MANIFEST_NAME, SIGNATURE_NAME, WeightsealError } from '@weightseal/core';
import { directoriesAbove, documentOf, ENVELOPE, isHidden, joined } from '../http/path.js';
import { changed } from '../http/status.js';
import type { Found, Root } from '../root/root.js';
import type { Asker, Digests } from './digests.js';
import { askedByChannel } from './documents.js';
import type { Known } from './known.js';
import { holdsPrivateKey } from './private-key.js';
import type { Asked, Bundle, Member } from './released.js';
import { WeightedCache } from './weighted-cache.js';

/** Files of which it was told once that they are not what a manifest says. */
const MOST_TOLD = 1024;

/** What may be served to whom it is allowed. */
export interface Item {
  readonly found: Found;
  readonly asked: Asked;
  /** SHA-256 of these very bytes, where that is known. */
  readonly sha256?: string | undefined;
  /** What it must be, by a manifest: else it is not served. */
  readonly expected?: string | undefined;
  readonly type: 'application/octet-stream' | 'application/json';
}

type Judged = Omit<Item, 'found'> | undefined;

/** What of a root is sealed, or belongs to what is. It is looked at when it is asked for. */
export class Catalogue {
  readonly #root: Root;
  readonly #known: Known;
  readonly #digests: Digests;
  readonly #any: boolean;
  readonly #onProblem: (error: Error) => void;
  readonly #told = new WeightedCache<string>(MOST_TOLD);

  constructor(
    root: Root,
    known: Known,
    digests: Digests,
    { any, onProblem }: { readonly any: boolean; readonly onProblem: (error: Error) => void },
  ) {
    this.#root = root;
    this.#known = known;
    this.#digests = digests;
    this.#any = any;
    this.#onProblem = onProblem;
  }

  /** Undefined for what is not there, and for what is not to be served. The file in it is the caller's to close. @throws STORE_UNAVAILABLE where nobody can tell just now, and what the root throws */
  async resolve(path: string, signal: AbortSignal): Promise<Item | undefined> {
    const item = await this.#resolve(path, signal);
    const doubt = item ? undefined : this.#root.doubt();
    if (doubt) throw doubt;
    return item;
  }

  async #resolve(path: string, signal: AbortSignal): Promise<Item | undefined> {
    for (const directory of directoriesAbove(path)) {
      if (directory !== '' && isHidden(directory)) return undefined;
      await using envelope = await this.#root.open(joined(directory, ENVELOPE), signal);
      if (envelope && (await this.#known.isEnvelope(directory, envelope, signal)))
        return await this.#inBundle(directory, path, envelope, signal);
    }
    if (isHidden(path)) return undefined;
    return await this.#opened(path, signal, (found) => this.#byItself(path, found, signal));
  }

  /** The digest of what is to be served; undefined where it is not what its manifest says, and so not to be served. @throws what `Digests.of` throws */
  async digest(path: string, { found, sha256, expected }: Item, asker: Asker): Promise<string | undefined> {
    if (sha256 !== undefined) return sha256;
    const digest = await this.#digests.of(path, found, asker);
    if (expected === undefined || digest === expected) return digest;
    this.#tell(path, found, 'has another digest');
    return undefined;
  }

  /** Closes what is not given out. */
  async #opened(
    path: string,
    signal: AbortSignal,
    judge: (found: Found) => Promise<Judged>,
  ): Promise<Item | undefined> {
    const found = await this.#root.open(path, signal);
    if (!found) return undefined;
    let item: Judged;
    try {
      item = await judge(found);
    } finally {
      if (!item) await found[Symbol.asyncDispose]();
    }
    return item && { found, ...item };
  }

  async #byItself(path: string, found: Found, signal: AbortSignal): Promise<Judged> {
    const document = documentOf(path);
    if (document?.kind === 'channel') {
      const asked = await askedByChannel(found, signal);
      if (asked) return { asked, type: 'application/json' };
    } else if (document) {
      const of = await this.#documentOf(document.of, document.kind, path, found, signal);
      if (of) return of;
    }
    const asked = await this.#known.asked(path, found, signal);
    if (asked) return { asked, type: 'application/octet-stream' };
    if (!this.#any || (await holdsPrivateKey(found, signal))) return undefined;
    return { asked: { model: path, byPath: true }, type: 'application/octet-stream' };
  }

  /** A manifest that is of the sealed file beside it; a signature beside one. */
  async #documentOf(
    file: string,
    kind: 'manifest' | 'signature',
    path: string,
    found: Found,
    signal: AbortSignal,
  ): Promise<Judged> {
    await using sealed = await this.#root.open(file, signal);
    const asked = sealed && (await this.#known.asked(file, sealed, signal));
    if (!asked) return undefined;
    const type = 'application/json';
    if (kind === 'signature')
      return (await this.#known.isSignature('file', path, found, signal)) ? { asked, type } : undefined;
    const sha256 = await this.#known.manifest(file, sealed, path, found, signal);
    return sha256 === undefined ? undefined : { asked, type, sha256 };
  }

  async #inBundle(
    directory: string,
    path: string,
    envelope: Found,
    signal: AbortSignal,
  ): Promise<Item | undefined> {
    await using manifest = await this.#root.open(joined(directory, MANIFEST_NAME), signal);
    const bundle = manifest && (await this.#known.bundle(directory, envelope, manifest, signal));
    const name = directory === '' ? path : path.slice(directory.length + 1);
    return await this.#opened(path, signal, async (found) => {
      if (bundle) {
        const { asked } = bundle;
        const type = 'application/json';
        // By now it may be another than the one that was looked at.
        const same = { [ENVELOPE]: envelope, [MANIFEST_NAME]: manifest }[name];
        if (same && same.identity !== found.identity) throw changed();
        if (name === ENVELOPE) return { asked, type };
        if (name === MANIFEST_NAME) return { asked, type, sha256: bundle.manifest };
        if (name === SIGNATURE_NAME && (await this.#known.isSignature('bundle', path, found, signal)))
          return { asked, type };
        const member = bundle.members.get(name);
        if (member) return await this.#member(path, member, bundle, found, signal);
      }
      if (!this.#any || isHidden(path) || (await holdsPrivateKey(found, signal))) return undefined;
      return { asked: bundle?.asked ?? { model: path, byPath: true }, type: 'application/octet-stream' };
    });
  }

  /** A manifest is believed of what was not touched since it was written. All else is hashed, and compared with it. */
  async #member(
    path: string,
    { size, sha256: expected, public: open }: Member,
    { asked, written }: Bundle,
    found: Found,
    signal: AbortSignal,
  ): Promise<Judged> {
    const wrong =
      found.size !== size
        ? 'has another length'
        : open || (await beginsSealed(found.source, { signal }))
          ? undefined
          : 'does not begin as what is sealed does';
    if (wrong !== undefined) {
      this.#tell(path, found, wrong);
      return undefined;
    }
    const { since, identity } = found;
    const believed = since !== undefined && written !== undefined && Math.floor(since) <= written;
    const untouched = believed && this.#digests.known(identity) === undefined;
    return { asked, expected, type: 'application/octet-stream', ...(untouched && { sha256: expected }) };
  }

  #tell(path: string, { identity }: Found, what: string): void {
    const key = `${identity}\n${what}`;
    if (this.#told.get(key) !== undefined) return;
    this.#told.set(key, path);
    this.#onProblem(
      new WeightsealError(
        'MANIFEST_MISMATCH',
        `${path}, below the root, is not served: it is not what the manifest of its bundle says, since it ${what}. Put a sound copy there.`,
      ),
    );
  }
}

import { checkKinds, checkPath, invalidArgument } from '../common/arguments.js';
import { warmForFiles } from '../engine/files-executor.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import type { StreamOptions } from '../file/plaintext-reader.js';
import type { Context } from '../format/context.js';
import { relativeTarget, shown } from '../format/path.js';
import { Life } from '../io/life.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { fileSystemSync } from '../io/output/sync-file-system.js';
import { checkKeys } from '../keys/wrap.js';
import { besidesMembers } from './besides.js';
import { describe, memberOf } from './describe.js';
import { type Entry, entryAt, isFile } from './entry.js';
import { type MemberReader, openPublic, openSealed } from './member-reader.js';
import { streamOf } from './member-stream.js';
import { openMembers } from './open-members.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { select } from './select.js';
import type { BundleStorage, StoredMembers } from './storage.js';
import type {
  BundleMember,
  BundlePlace,
  OpenBundleOptions,
  OpenedBundle,
  OpenMembersOptions,
  OpenToOptions,
} from './types.js';
import { type UnlockedBundle, unlockBundle } from './unlock.js';
import { atPlace, inDirectory, NOWHERE, syncDirectories, type Where } from './where.js';

/** Beyond so many files the file system is made durable as a whole, not file by file. */
const SYNC_EACH = 256;

/**
 * A bundle that is open: its envelope and its table have been authenticated, by one call to a key. Holds the keys of all payloads until it is closed.
 */
export class BundleReader implements AsyncDisposable {
  readonly #storage: BundleStorage;
  readonly #bundle: UnlockedBundle;
  readonly #extra: readonly string[];
  /** Whoever can open a bundle has its keys, and could encrypt other payloads under them: who trusts its signer compares what was signed, by the digests in the table. */
  readonly #compares: boolean;
  readonly #open = new Set<MemberReader>();
  readonly #life = new Life(() => invalidArgument('The bundle has been closed; open it again.'));
  #closed: Promise<void> | undefined;

  private constructor(
    storage: BundleStorage,
    bundle: UnlockedBundle,
    extra: readonly string[],
    compares: boolean,
  ) {
    this.#compares = compares;
    this.#storage = storage;
    this.#bundle = bundle;
    this.#extra = extra;
  }

  static async open(
    given: BundleGiven,
    options: OpenBundleOptions,
    forFiles: string = 'openReader',
  ): Promise<BundleReader> {
    const { allowExtra = false, signal } = checkKinds(options, 'openBundle');
    checkKeys(options.keys);
    const storage = await openStorage(given, { cached: true, forFiles, signal });
    let bundle: UnlockedBundle | undefined;
    try {
      warmForFiles();
      bundle = await unlockBundle(storage, options);
      const extra = await storage.findExtra(bundle.table.entries, allowExtra);
      return new BundleReader(storage, bundle, extra, options.trust !== undefined);
    } catch (error) {
      bundle?.table[Symbol.dispose]();
      await storage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get context(): Context {
    return this.#bundle.envelope.core.context;
  }

  /** All that the bundle says of itself. */
  get opened(): OpenedBundle {
    return this.#describe(this.#bundle.table.entries, false);
  }

  /**
   * Every member, or those that the globs name with the directories that they are in, in the order of the bytes of their paths: a directory comes before what is in it.
   *
   * @throws MEMBER_NOT_FOUND for a glob that names none
   */
  members(only?: readonly string[]): BundleMember[] {
    return select(this.#bundle.table.entries, only).map((entry) => this.#member(entry));
  }

  /** The member of this path, undefined where there is none. Links are not followed. */
  member(path: string): BundleMember | undefined {
    const entry = entryAt(this.#bundle.table.entries, path);
    return entry && this.#member(entry);
  }

  /**
   * Opens one file of the bundle for reading anywhere in it; what a link leads to, for a link. It is a byte source of the plaintext, and is closed with the bundle.
   *
   * @throws MEMBER_NOT_FOUND, MEMBER_MISSING, MEMBER_TAMPERED, IO_ERROR
   */
  async open(path: string): Promise<MemberReader> {
    const entry = this.#file(path);
    return await this.#life.whileOpen(undefined, async (signal) => {
      const opened = entry.kind === 'public' ? openPublic : openSealed;
      const reader = await opened(entry, this.#place, signal, (ended) => this.#open.delete(ended));
      this.#open.add(reader);
      return reader;
    });
  }

  /** Reads `length` bytes of a member's plaintext at `offset`, from only the segments that hold them. Who reads much of one opens it. @throws like `open`, INVALID_ARGUMENT */
  async read(
    path: string,
    offset: number,
    length: number,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkKinds(options, 'read');
    const reader = await this.open(path);
    try {
      return await reader.read(offset, length, options);
    } finally {
      await reader.close();
    }
  }

  /** A member's plaintext, or a part of it, as a web stream. Every chunk has been authenticated. @throws by erroring the stream, like `open` */
  stream(path: string, options: StreamOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    checkKinds(options, 'stream', { start: 'any', end: 'any' });
    this.#file(path);
    return streamOf(
      () => this.open(path),
      (reader) => reader.close(),
      options,
    );
  }

  /**
   * Writes the members into a directory, under their own names. It appears when the last of them has been authenticated, readable for its owner only; nothing is left when this throws.
   *
   * @throws MEMBER_MISSING, and PATH_INVALID for a name that this system cannot have, before anything is written; MEMBER_TAMPERED, MEMBER_NOT_FOUND, DIGEST_MISMATCH, OUTPUT_EXISTS, NO_SPACE, IO_ERROR, ABORTED
   */
  async openTo(directory: string | URL, options: OpenToOptions = {}): Promise<OpenedBundle> {
    checkKinds(options, 'openTo');
    const path = checkPath(directory, 'The output');
    return await this.#life.whileOpen(options.signal, async (signal) => {
      const entries = select(this.#bundle.table.entries, options.only);
      const overwrite = options.overwrite === true && besidesMembers(entries);
      await using out = await OutputDirectory.create(path, { overwrite, content: 'plaintext' });
      const sync = entries.length > SYNC_EACH ? await fileSystemSync() : undefined;
      const opened = await this.#openInto(entries, inDirectory(out.place.path, !sync), {
        ...options,
        signal,
      });
      throwIfAborted(signal);
      if (sync) await sync(out.place.path);
      else await syncDirectories(out.place, entries);
      await out.publish();
      return opened;
    });
  }

  /**
   * Writes the members where the caller says: into a directory that exists, and has none of them yet, by its path, or place by place. What an early end leaves there is
   * authentic, and is not the whole; nothing is made durable.
   *
   * @throws like `openTo`
   */
  async writeTo(place: string | BundlePlace, options: OpenMembersOptions = {}): Promise<OpenedBundle> {
    checkKinds(options, 'writeMembers');
    return await this.#life.whileOpen(options.signal, (signal) => {
      const to =
        typeof place === 'string'
          ? inDirectory(place, false)
          : atPlace(place, (entry) => this.#member(entry));
      return this.#openInto(select(this.#bundle.table.entries, options.only), to, { ...options, signal });
    });
  }

  /** Authenticates all members, or those of `only`, and writes nothing. Compares the digests too, unless `digest` is false. @throws like `openTo` */
  async verify(options: OpenMembersOptions = {}): Promise<OpenedBundle> {
    checkKinds(options, 'writeMembers');
    const { digest = true } = options;
    return await this.#life.whileOpen(options.signal, (signal) =>
      this.#openInto(select(this.#bundle.table.entries, options.only), NOWHERE, {
        ...options,
        digest,
        signal,
      }),
    );
  }

  async #openInto(entries: readonly Entry[], to: Where, options: OpenMembersOptions): Promise<OpenedBundle> {
    const { digest = this.#compares, signal, onProgress } = options;
    const work = {
      ...this.#place,
      outputs: to.outputs,
      digest,
      signal,
      onProgress,
    };
    to.check?.(entries);
    await this.#storage.lookAt(entries, this.#place.records, signal);
    for (const { kind, path } of entries) if (kind === 'directory') await to.directory(path);
    await openMembers(entries, work);
    for (const { kind, path, target } of entries)
      if (kind === 'link') await to.link(path, relativeTarget(path, target!));
    return this.#describe(entries, digest);
  }

  #describe(entries: readonly Entry[], digestVerified: boolean): OpenedBundle {
    return describe(this.#bundle, entries, { digestVerified, extra: this.#extra });
  }

  #member(entry: Entry): BundleMember {
    return memberOf(entry, this.#bundle.table.records);
  }

  /** The file of a path. @throws MEMBER_NOT_FOUND */
  #file(path: string): Entry {
    const { entries } = this.#bundle.table;
    const found = entryAt(entries, path);
    const entry = found?.kind === 'link' ? entryAt(entries, found.target!) : found;
    if (entry && isFile(entry)) return entry;
    throw new WeightsealError(
      'MEMBER_NOT_FOUND',
      entry
        ? `${shown(path)} is a directory of the bundle, and no file.`
        : `The bundle has no member ${shown(path)}; \`members\` lists them.`,
    );
  }

  get #place(): StoredMembers {
    return { storage: this.#storage, records: this.#bundle.table.records };
  }

  /** Ends what is under way, closes what is open, and zeroes the keys. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#life.end();
    await Promise.all([...this.#open].map((reader) => reader.close()));
    this.#bundle.table[Symbol.dispose]();
    await this.#storage[Symbol.asyncDispose]();
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

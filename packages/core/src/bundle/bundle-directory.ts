import { constants } from 'node:fs/promises';
import { ioError, isWeightsealError, WeightsealError } from '../errors.js';
import { envelopeInvalid } from '../format/envelope-invalid.js';
import { ENVELOPE_NAME, TABLE_NAME } from '../format/path.js';
import { openBelow } from '../io/below/open.js';
import { type Stored, saysLink } from '../io/below/rules.js';
import { FileSource } from '../io/byte-source.js';
import { isA } from '../io/directory-given.js';
import { Directory } from '../io/output/directory.js';
import type { ReleaseDocument } from '../keys/release-judge.js';
import { documentIn, documentInvalid } from '../store/release-document.js';
import { findExtra } from './closed-world.js';
import type { Entry } from './entry.js';
import { checkEnvelopeSize } from './head.js';
import { blobsBeside } from './hub-cache.js';
import { lookAt } from './look-at.js';
import { IS_LINK, memberMissing, NO_FILE } from './member-error.js';
import { openMemberFile } from './member-file.js';
import type { AtOnce, BundleStorage, SmallFiles, StoredFile } from './storage.js';
import { storedFiles } from './stored-files.js';
import { tableTampered } from './table.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A bundle's directory, opened once: all of the bundle is read in that one. */
export class BundleDirectory implements Stored, BundleStorage {
  readonly name: string;
  readonly directory: Directory;
  readonly #blobs: Directory | undefined;

  private constructor(name: string, directory: Directory, blobs: Directory | undefined) {
    this.name = name;
    this.directory = directory;
    this.#blobs = blobs;
  }

  /**
   * @param cached whether it may be a snapshot in a hub's cache, whose files are links: FORMAT.md §24.5. What changes a bundle must not change a cache.
   * @param forFiles the function that takes a sealed file, for the message
   * @throws INPUT_NOT_FOUND, NOT_SEALED, IO_ERROR
   */
  static async open(
    path: string,
    { cached = false, forFiles }: { readonly cached?: boolean; readonly forFiles?: string | undefined },
  ): Promise<BundleDirectory> {
    const directory = await Directory.open(path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw ioError(error, `open ${path}`);
      if (forFiles !== undefined && (await isA('file', path))) throw fileGiven(path, forFiles);
      throw notSealed(path, 'is no directory');
    });
    return new BundleDirectory(path, directory, cached ? await blobsBeside(directory) : undefined);
  }

  get from(): string {
    return this.directory.path;
  }

  get blobs(): string | undefined {
    return this.#blobs?.path;
  }

  async readEnvelope(): Promise<Uint8Array> {
    await using source = await this.#openFile(ENVELOPE_NAME).catch((error: unknown) => {
      const problem = noFile(error);
      if (problem === 'missing') throw notSealed(this.name, `has no ${ENVELOPE_NAME}`);
      if (problem !== undefined) throw envelopeInvalid(`its ${ENVELOPE_NAME} ${problem}`);
      throw ioError(error, `open ${this.name}/${ENVELOPE_NAME}`);
    });
    checkEnvelopeSize(source.size);
    return await source.read(0, source.size);
  }

  async openTable(): Promise<FileSource> {
    return await this.#openFile(TABLE_NAME).catch((error: unknown) => {
      const problem = noFile(error);
      if (problem === 'missing') throw memberMissing(TABLE_NAME);
      if (problem !== undefined) throw tableTampered(`it ${problem}`, error);
      throw ioError(error, `open ${TABLE_NAME}`);
    });
  }

  /** @throws what open(2) says, as Node puts it; INVALID_ARGUMENT for what is no regular file */
  async #openFile(name: string): Promise<FileSource> {
    const handle = await openBelow(this, name, FLAGS);
    return await FileSource.of(name, handle).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
  }

  async readDocument(name: ReleaseDocument, mostBytes: number): Promise<Uint8Array | undefined> {
    const source = await this.#openFile(name).catch((error: unknown) => {
      const problem = noFile(error);
      if (problem === 'missing') return undefined;
      if (problem !== undefined) throw documentInvalid(name, `it ${problem}`);
      throw ioError(error, `open ${this.name}/${name}`);
    });
    return source && (await documentIn(source, name, mostBytes));
  }

  openMember(file: string, size: number): Promise<FileSource> {
    return openMemberFile(file, this, size);
  }

  lookAt(entries: readonly Entry[], records: SharedArrayBuffer, signal?: AbortSignal): Promise<void> {
    return lookAt(entries, this, records, signal);
  }

  findExtra(entries: readonly Entry[], allowed: boolean | readonly string[]): Promise<string[]> {
    return findExtra(this.directory, entries, allowed);
  }

  files(signal: AbortSignal | undefined): Promise<StoredFile[]> {
    return storedFiles(this.directory, signal);
  }

  small(): Promise<SmallFiles> {
    return Promise.resolve({ from: this.from, blobs: this.blobs });
  }

  atOnce(large: readonly Entry[], _records: SharedArrayBuffer, width: number): AtOnce {
    return { large: Math.max(1, Math.min(large.length, Math.ceil(width / 2))), small: width };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blobs?.[Symbol.asyncDispose]();
    await this.directory[Symbol.asyncDispose]();
  }
}

/** What is there instead of a file, as open(2) tells it. */
function noFile(error: unknown): string | undefined {
  if (isWeightsealError(error) && error.code === 'INVALID_ARGUMENT') return 'is no regular file';
  if (saysLink(error)) return IS_LINK;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (NO_FILE.includes(code)) return 'is no regular file';
  return code === 'ENOENT' ? 'missing' : undefined;
}

function fileGiven(path: string, instead: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is a file, and this takes a sealed bundle, which is a directory. For a sealed file a program has ${instead}.`,
  );
}

export function notSealed(path: string, why: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is no sealed bundle: it ${why}. Check the path, or seal the directory first.`,
  );
}

import { constants } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  blobsBeside,
  Directory,
  FileSource,
  ioError,
  isWeightsealError,
  openBelow,
  openReleased,
  type ReadManifest,
  readManifest,
} from '@weightseal/core';
import type { Candidate, Found, Root } from './root.js';
import { walk } from './walk.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** A snapshot in the cache of huggingface_hub, whose files are links to the blobs beside it. */
const SNAPSHOT = /^(?:.*\/)?(?:models|datasets|spaces)--[^/]+\/snapshots\/[^/]+(?=\/)/;
/** What open(2) says of what is not there, is no directory, is a link, is longer than a name can be, or is not ours to read. */
const NOT_THERE: ReadonlySet<string> = new Set(
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENAMETOOLONG', 'EISDIR', 'ENXIO'].concat([
    'EACCES',
    'EPERM',
    'ERR_ACCESS_DENIED',
  ]),
);

/** A directory that is opened once: all is looked for in that one, and by way of no link. */
export class DirectoryRoot implements Root {
  readonly name: string;
  readonly ownName: string;
  readonly #directory: Directory;
  /** Where the root is a snapshot itself. */
  readonly #blobs: Directory | undefined;

  private constructor(path: string, directory: Directory, blobs: Directory | undefined) {
    this.name = path;
    this.ownName = basename(path) || 'models';
    this.#directory = directory;
    this.#blobs = blobs;
  }

  /** @throws INPUT_NOT_FOUND, IO_ERROR */
  static async open(path: string): Promise<DirectoryRoot> {
    try {
      // The slash: where there are no descriptors of places, a file would be taken for a directory.
      if (!(await lstat(`${path}/.`)).isDirectory()) throw new Error('It is no directory.');
      const directory = await Directory.open(path);
      return new DirectoryRoot(path, directory, await blobsBeside(directory));
    } catch (error) {
      throw ioError(error, `open the directory ${path}, which is to be served`);
    }
  }

  async open(path: string): Promise<Found | undefined> {
    const handle = await this.#handleOf(path).catch(ofNothing);
    if (!handle) return undefined;
    try {
      const source = await FileSource.of(path, handle);
      return OpenFile.of(source, await source.stat());
    } catch (error) {
      await handle.close();
      // What is no regular file is nothing that could be served.
      if (isWeightsealError(error) && error.code === 'INVALID_ARGUMENT') return undefined;
      throw error;
    }
  }

  async #handleOf(path: string): Promise<FileHandle> {
    const [snapshot] = SNAPSHOT.exec(path) ?? [];
    if (snapshot === undefined) return await openIn(this.#directory, this.#blobs, path);
    await using directory = await this.reach(snapshot);
    await using blobs = await blobsBeside(directory);
    return await openIn(directory, blobs, path.slice(snapshot.length + 1));
  }

  /** A directory below, through no link. @throws what open(2) says, as Node puts it */
  async reach(path: string): Promise<Directory> {
    let at = await Directory.open(this.#directory.path);
    for (const name of path === '' ? [] : path.split('/')) {
      const before = at;
      try {
        await refuseLink(before, name);
        at = await Directory.open(before.at(name), true);
      } finally {
        await before[Symbol.asyncDispose]();
      }
    }
    return at;
  }

  async manifest(path: string, signal: AbortSignal): Promise<ReadManifest> {
    const end = path.lastIndexOf('/');
    await using above = await this.reach(path.slice(0, Math.max(0, end)));
    await using released = await openReleased(path === '' ? above.path : above.at(path.slice(end + 1)), {
      signal,
    });
    return await readManifest(released, { signal });
  }

  list(signal: AbortSignal): AsyncIterable<Candidate> {
    return walk(this, '', signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
    await this.#blobs?.[Symbol.asyncDispose]();
  }
}

async function openIn(directory: Directory, blobs: Directory | undefined, path: string): Promise<FileHandle> {
  if (directory.fd === undefined) {
    // Where a place has no descriptor (Node's permission model, other systems), each directory on the way is looked at.
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth++)
      await refuseLink(directory, names.slice(0, depth).join('/'));
  }
  return await openBelow({ from: directory.path, blobs: blobs?.path }, path, FLAGS);
}

/** @throws ELOOP, as open(2) does */
async function refuseLink(directory: Directory, name: string): Promise<void> {
  if (directory.fd === undefined && (await lstat(directory.at(name))).isSymbolicLink())
    throw Object.assign(new Error('ELOOP: a link on the way'), { code: 'ELOOP' });
}

function ofNothing(error: NodeJS.ErrnoException): undefined {
  if (NOT_THERE.has(String(error.code))) return undefined;
  throw ioError(error, 'open a file below the root');
}

class OpenFile implements Found {
  readonly identity: string;
  readonly size: number;
  readonly modified: number;
  readonly source: FileSource;

  private constructor(source: FileSource, identity: string, modified: number) {
    this.source = source;
    this.size = source.size;
    this.identity = identity;
    this.modified = modified;
  }

  static of(source: FileSource, stats: Numbers): OpenFile {
    return new OpenFile(source, identityOf(stats), Number(stats.mtimeMs));
  }

  async unchanged(): Promise<boolean> {
    return identityOf(await this.source.stat()) === this.identity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.close();
  }
}

type Numbers = Awaited<ReturnType<FileSource['stat']>>;

/** The time of change moves with a write, a cut, another name for it, and the loss of one: what was removed or replaced meanwhile is another, too. */
function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: Numbers): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

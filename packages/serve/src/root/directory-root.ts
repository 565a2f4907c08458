import { constants } from 'node:fs';
import { type FileHandle, lstat, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { blobsBeside, Directory, FileSource, ioError, isWeightsealError, openBelow } from '@weightseal/core';
import { busy } from '../http/status.js';
import type { Found, Name, Root } from './root.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** A snapshot in the cache of huggingface_hub, whose files are links to the blobs beside it. */
const SNAPSHOT = /^(?:.*\/)?(?:models|datasets|spaces)--[^/]+\/snapshots\/[^/]+(?=\/)/;
/** What open(2) says of what is not there, is no directory, is a link, or is longer than a name can be. */
const NOT_THERE: readonly string[] = [
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'EMLINK',
  'ENAMETOOLONG',
  'EISDIR',
  'ENXIO',
];
const NOT_OURS: readonly string[] = ['EACCES', 'EPERM', 'ERR_ACCESS_DENIED'];
/** Of this process, and of the machine. */
const TOO_MANY: readonly string[] = ['EMFILE', 'ENFILE'];

/** A directory that is opened once: all is looked for in that one, and by way of no link. */
export class DirectoryRoot implements Root {
  readonly name: string;
  readonly ownName: string;
  readonly #directory: Directory;
  /** Where the root is a snapshot itself. */
  readonly #blobs: Directory | undefined;
  readonly #onLeftOut: (path: string, error: Error) => void;

  private constructor(
    path: string,
    directory: Directory,
    blobs: Directory | undefined,
    onLeftOut: (path: string, error: Error) => void,
  ) {
    this.#onLeftOut = onLeftOut;
    this.name = path;
    this.ownName = basename(path) || 'models';
    this.#directory = directory;
    this.#blobs = blobs;
  }

  /** @param onLeftOut told of directories that are not ours to read @throws INPUT_NOT_FOUND, IO_ERROR */
  static async open(path: string, onLeftOut: (path: string, error: Error) => void): Promise<DirectoryRoot> {
    try {
      // The slash: where there are no descriptors of places, a file would be taken for a directory.
      if (!(await lstat(`${path}/.`)).isDirectory()) throw new Error('It is no directory.');
      const directory = await Directory.open(path, false, true);
      return new DirectoryRoot(path, directory, await blobsBeside(directory), onLeftOut);
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
    let at = await Directory.open(this.#directory.path, false, true);
    for (const name of path === '' ? [] : path.split('/')) {
      const before = at;
      try {
        await refuseLink(before, name);
        at = await Directory.open(before.at(name), true, true);
      } finally {
        await before[Symbol.asyncDispose]();
      }
    }
    return at;
  }

  async names(path: string): Promise<readonly Name[]> {
    try {
      await using directory = await this.reach(path);
      const names: Name[] = [];
      for (const entry of await readdir(directory.path, { withFileTypes: true })) {
        if (entry.isDirectory()) names.push({ name: entry.name, kind: 'directory' });
        // A link may be one of a hub's cache: whoever opens it knows.
        else if (entry.isFile() || entry.isSymbolicLink()) names.push({ name: entry.name, kind: 'file' });
      }
      return names.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Of the root itself nothing is known then.
      if (path !== '' && NOT_THERE.includes(String(code))) return [];
      if (path === '' || !NOT_OURS.includes(String(code))) throw failure(error);
      this.#onLeftOut(
        path,
        ioError(error, `look into ${path} below the root, which is left out of the index`),
      );
      return [];
    }
  }

  async identity(path: string): Promise<string | undefined> {
    const stats = await lstat(this.#directory.at(path), { bigint: true }).catch(() => undefined);
    return stats?.isFile() ? identityOf(stats) : undefined;
  }

  doubt(): undefined {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
    await this.#blobs?.[Symbol.asyncDispose]();
  }
}

async function openIn(directory: Directory, blobs: Directory | undefined, path: string): Promise<FileHandle> {
  const stored = { from: directory.path, blobs: blobs?.path };
  if (directory.fd !== undefined) return await openBelow(stored, path, FLAGS);
  // Where a place has no descriptor (Node's permission model, other systems), each directory on the way is looked at, before and after: one that is another by then may have been a link between.
  const before = await wayTo(directory, path);
  const handle = await openBelow(stored, path, FLAGS);
  try {
    const [own, there] = [
      await handle.stat({ bigint: true }),
      await lstat(directory.at(path), { bigint: true }),
    ];
    // A link is one to a blob, which `openBelow` has looked at.
    const another = !there.isSymbolicLink() && (own.ino !== there.ino || own.dev !== there.dev);
    if (another || (await wayTo(directory, path)) !== before) throw aLink();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The numbers of the directories that lead to a file. @throws ELOOP, as open(2) does, where one is a link */
async function wayTo(directory: Directory, path: string): Promise<string> {
  const names = path.split('/');
  const way: string[] = [];
  for (let depth = 1; depth < names.length; depth++) {
    const stats = await lstat(directory.at(names.slice(0, depth).join('/')), { bigint: true });
    if (stats.isSymbolicLink()) throw aLink();
    way.push(`${stats.dev}:${stats.ino}`);
  }
  return way.join('/');
}

async function refuseLink(directory: Directory, name: string): Promise<void> {
  if (directory.fd === undefined && (await lstat(directory.at(name))).isSymbolicLink()) throw aLink();
}

function aLink(): Error {
  return Object.assign(new Error('ELOOP: a link on the way'), { code: 'ELOOP' });
}

function ofNothing(error: NodeJS.ErrnoException): undefined {
  if (NOT_THERE.includes(String(error.code)) || NOT_OURS.includes(String(error.code))) return undefined;
  throw failure(error);
}

function failure(error: unknown): Error {
  if (TOO_MANY.includes(String((error as NodeJS.ErrnoException).code)))
    return busy('The server has as many files open as it may', error);
  return ioError(error, 'open what is below the root');
}

class OpenFile implements Found {
  readonly identity: string;
  readonly size: number;
  readonly modified: number;
  readonly since: number;
  readonly source: FileSource;

  private constructor(source: FileSource, stats: Numbers) {
    const { mtimeNs, ctimeNs } = stats;
    this.source = source;
    this.size = source.size;
    this.identity = identityOf(stats);
    this.modified = Number(stats.mtimeMs);
    this.since = Math.max(Number(mtimeNs), Number(ctimeNs)) / 1e6;
  }

  static of(source: FileSource, stats: Numbers): OpenFile {
    return new OpenFile(source, stats);
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

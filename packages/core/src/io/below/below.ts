import type { Stats } from 'node:fs';
import { closeSync, lstatSync, openFlags, openSync, readlinkSync } from '../sync-fs.js';
import { blobOf, byDescriptors, ofDescriptor, REACH, type Stored, saysLink } from './rules.js';

const { O_NOFOLLOW = 0 } = openFlags;

/** The same for a thread, which opens one file after another: the directory of the last stays open for the next. It blocks. */
export class Below implements Disposable {
  readonly #stored: Stored;
  #directory = '';
  #fd: number | undefined;

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  /** @param path below the directory, or from the root @throws what open(2) says, as Node puts it */
  open(path: string, flags: number): number {
    const at = this.#at(path);
    try {
      return openSync(at, flags | O_NOFOLLOW);
    } catch (error) {
      const blob = saysLink(error) ? this.#blob(at, path) : undefined;
      if (blob === undefined) throw error;
      return openSync(blob, flags | O_NOFOLLOW);
    }
  }

  /** What stands there; undefined for nothing. A link is a link, unless it leads to a blob. @throws what lstat(2) says */
  look(path: string): Stats | undefined {
    try {
      const at = this.#at(path);
      const found = lstatSync(at, { throwIfNoEntry: false });
      const blob = found?.isSymbolicLink() ? this.#blob(at, path) : undefined;
      return blob === undefined ? found : lstatSync(blob, { throwIfNoEntry: false });
    } catch (error) {
      // Below what is none, or is no directory any more.
      if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
      throw error;
    }
  }

  #at(path: string): string {
    if (path.startsWith('/')) return path;
    const { from } = this.#stored;
    const end = path.lastIndexOf('/');
    if (end < 0 || !byDescriptors(from)) return `${from}/${path}`;
    const directory = path.slice(0, end);
    if (directory !== this.#directory) this.#enter(directory);
    return `${ofDescriptor(this.#fd!)}/${path.slice(end + 1)}`;
  }

  #enter(directory: string): void {
    this[Symbol.dispose]();
    let at = this.#stored.from;
    for (const name of directory.split('/')) {
      const fd = openSync(`${at}/${name}`, REACH);
      this[Symbol.dispose]();
      this.#fd = fd;
      at = ofDescriptor(fd);
    }
    this.#directory = directory;
  }

  #blob(at: string, path: string): string | undefined {
    const { blobs } = this.#stored;
    const blob = blobs === undefined ? undefined : blobOf(readlinkSync(at), path);
    return blob === undefined ? undefined : `${blobs}/${blob}`;
  }

  [Symbol.dispose](): void {
    this.#directory = '';
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { constants, readlinkSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { placeError } from './place/place-error.js';
import type { Owner, Plaintext, Released } from './plaintext.js';
import { usesOf } from './processes.js';
import { overwrite } from './wipe.js';

/** open(2): an inode without a name. With O_EXCL nobody can ever give it one. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** The plaintext's inode, mode 0600. Its directory is private, and is always reached by its descriptor: no link on the way can lead elsewhere. */
export class Inode implements Plaintext {
  #handle: FileHandle;
  #sealed = false;
  /** Whether overwriting erases: not on a disk. */
  readonly #inMemory: boolean;
  #path: string | undefined;
  /** Further descriptors of ours that nobody here reads from. */
  readonly #held: FileHandle[] = [];
  #released: Promise<Released> | undefined;

  private constructor(handle: FileHandle, path: string | undefined, inMemory: boolean) {
    this.#handle = handle;
    this.#inMemory = inMemory;
    this.#path = path;
  }

  /** One that has no name, in the directory. @throws NO_SPACE, IO_ERROR */
  static async nameless(directory: string, inMemory: boolean): Promise<Inode> {
    try {
      const handle = await open(directory, O_TMPFILE | constants.O_EXCL | constants.O_RDWR, 0o600);
      return new Inode(handle, undefined, inMemory);
    } catch (error) {
      // ENOTSUP is Node's name for EOPNOTSUPP.
      if (!['ENOTSUP', 'EISDIR', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw placeError(error, 'make a file in memory');
    }
    const made = await Inode.hidden(directory, inMemory);
    await unlink(made.#path!);
    made.#path = undefined;
    return made;
  }

  /** One that has a hidden name until `show` gives it another. @throws NO_SPACE, IO_ERROR */
  static async hidden(directory: string, inMemory: boolean): Promise<Inode> {
    const path = `${directory}/.${randomBytes(8).toString('hex')}`;
    return new Inode(await create(path), path, inMemory);
  }

  /** An inode in memory that is open for writing, and whose name goes with the file system. */
  static of(handle: FileHandle): Inode {
    return new Inode(handle, undefined, true);
  }

  /** Open for writing, and for reading only once it is sealed off. */
  get handle(): FileHandle {
    return this.#handle;
  }

  async sealOff(owner?: Owner): Promise<void> {
    try {
      await this.#handle.chmod(0o400);
      if (owner) await this.#handle.chown(owner.uid, owner.gid);
      await this.#reopen(constants.O_RDONLY);
      this.#sealed = true;
    } catch (error) {
      throw placeError(error, 'close the file in memory for writing');
    }
  }

  /** By the descriptor that it has, and so whatever its names lead to. */
  async #reopen(flags: number): Promise<void> {
    const before = this.#handle;
    this.#handle = await open(`/proc/${readlinkSync('/proc/self')}/fd/${before.fd}`, flags);
    await before.close();
  }

  /** Sets the length before anything is written: only within it does `huge=within_size` give huge pages. @throws NO_SPACE, IO_ERROR */
  async reserve(size: number): Promise<void> {
    await this.handle.truncate(size).catch((error: unknown) => {
      throw placeError(error, 'make a file in memory');
    });
  }

  /** Appears under the name, in the same directory, now that it is whole. */
  async show(path: string): Promise<void> {
    await rename(this.#path!, path).catch((error: unknown) => {
      throw placeError(error, 'name the file in memory');
    });
    this.#path = path;
  }

  hold(handle: FileHandle): void {
    this.#held.push(handle);
  }

  release(wipe: boolean): Promise<Released> {
    this.#released ??= this.#release(wipe);
    return this.#released;
  }

  async #release(wipe: boolean): Promise<Released> {
    try {
      return await this.clear(wipe);
    } finally {
      await this.handle.close();
    }
  }

  async clear(wipe: boolean, given?: number): Promise<Released> {
    if (this.#path !== undefined) await unlink(this.#path).catch(() => {});
    this.#path = undefined;
    if (!wipe || !this.#inMemory) return 'freed';
    const stats = await this.handle.stat({ bigint: true });
    // The name is gone: whoever does not have it now finds it through another process only.
    const own = [this.handle, ...this.#held].map(({ fd }) => fd);
    const [use] = (await usesOf({ inodes: [{ dev: stats.dev, ino: stats.ino, own, given }] }))?.uses ?? [];
    if (use === undefined) return 'freed';
    if (use !== 'none') return use;
    if (this.#sealed) {
      await this.handle.chmod(0o600);
      await this.#reopen(constants.O_RDWR);
      this.#sealed = false;
    }
    await overwrite(this.handle, Number(stats.size));
    return 'wiped';
  }
}

async function create(path: string): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
  return open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600).catch((error: unknown) => {
    throw placeError(error, 'make a file in memory');
  });
}

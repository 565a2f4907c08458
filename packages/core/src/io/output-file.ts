import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomBytes } from '../crypto.js';
import { ioError, WeightsealError } from '../errors.js';
import { nameInode, openNameless } from './nameless.js';
import { renameToFree } from './rename-to-free.js';

const COPY_BYTES = 1_048_576;

/**
 * A file that appears under its name whole or not at all. While it is written it has no name where the file system can do
 * that, so that a process killed at any moment leaves nothing; elsewhere (NFS, macOS, Windows) it has a hidden
 * temporary name next to the target, mode 0600.
 */
export class OutputFile implements AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  readonly #overwrite: boolean;
  /** The name that the file has until it is whole, if it has one. */
  #temporary: string | undefined;
  #open = true;

  private constructor(path: string, overwrite: boolean, handle: FileHandle, temporary: string | undefined) {
    this.path = path;
    this.#overwrite = overwrite;
    this.handle = handle;
    this.#temporary = temporary;
  }

  /** @throws OUTPUT_EXISTS unless `overwrite`, IO_ERROR */
  static async create(path: string, overwrite: boolean, mode = 0o600): Promise<OutputFile> {
    await checkTarget(path, overwrite);
    try {
      const nameless = await openNameless(dirname(path), mode);
      if (nameless) return new OutputFile(path, overwrite, nameless, undefined);
      const temporary = temporaryName(path);
      return new OutputFile(path, overwrite, await open(temporary, 'wx+', mode), temporary);
    } catch (error) {
      throw creationError(error, path);
    }
  }

  get fd(): number {
    return this.handle.fd;
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return writeAt(this.handle, bytes, offset, this.path);
  }

  /** Takes over mode and owner of a file that this one is to replace. */
  async keepMode(path: string): Promise<void> {
    try {
      const [old, own] = await Promise.all([lstat(path), this.handle.stat()]);
      if (old.uid !== own.uid || old.gid !== own.gid) await this.handle.chown(old.uid, old.gid);
      await this.handle.chmod(old.mode & 0o7777);
    } catch (error) {
      throw ioError(error, `keep owner and mode of ${path}`);
    }
  }

  /** Makes every byte durable. @throws NO_SPACE, IO_ERROR */
  async sync(): Promise<void> {
    await this.handle.sync().catch((error: unknown) => {
      throw ioError(error, `write ${this.path}`);
    });
  }

  /** Makes every byte durable, then gives the file its name. @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR */
  async publish(): Promise<void> {
    try {
      await this.handle.sync();
      if (!this.#temporary && !(await this.#nameIt())) await this.#copy();
      if (!this.#temporary) return;
      if (this.#overwrite) await rename(this.#temporary, this.path);
      else await renameToFree(this.#temporary, this.path);
      this.#temporary = undefined;
    } catch (error) {
      throw ioError(error, `write ${this.path}`);
    } finally {
      await syncDirectory(dirname(this.path));
    }
  }

  async #nameIt(): Promise<boolean> {
    const temporary = this.#overwrite ? temporaryName(this.path) : undefined;
    if (await nameInode(this.handle, this.path, temporary)) return true;
    if (temporary) await rm(temporary, { force: true });
    await checkTarget(this.path, this.#overwrite);
    return false;
  }

  /** The inode cannot get a name here after all (no /proc, say). Slower, and just as safe: a copy that has a temporary one. */
  async #copy(): Promise<void> {
    this.#temporary = temporaryName(this.path);
    const { mode, size } = await this.handle.stat();
    await using copy = await open(this.#temporary, 'wx', 0o600);
    const chunk = new Uint8Array(COPY_BYTES);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) break;
      await writeAt(copy, chunk.subarray(0, bytesRead), at, this.path);
      at += bytesRead;
    }
    await copy.chmod(mode & 0o7777);
    await copy.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      // On some file systems closing writes, and can fail.
      await this.handle.close();
    } finally {
      if (this.#temporary) await rm(this.#temporary, { force: true });
    }
  }
}

/** Writes all of it; `path` is what a message calls the file. @throws NO_SPACE, IO_ERROR */
export async function writeAt(
  handle: FileHandle,
  bytes: Uint8Array,
  offset: number,
  path: string,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle
      .write(bytes, done, bytes.length - done, offset + done)
      .catch((error: unknown) => {
        throw ioError(error, `write ${path}`);
      });
    done += bytesWritten;
  }
}

async function checkTarget(path: string, overwrite: boolean): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (overwrite && found.isFile()) return;
  const hint = found.isFile()
    ? 'allow overwriting (--force), or choose another name'
    : 'it is no regular file; choose another name';
  throw new WeightsealError('OUTPUT_EXISTS', `${path} exists already: ${hint}.`);
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${randomBytes(8).toString('hex')}.weightseal-tmp`);
}

function creationError(error: unknown, path: string): WeightsealError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return ioError(error, `create ${path}`);
  return new WeightsealError('IO_ERROR', `Could not create ${path}: its directory does not exist.`, {
    cause: error,
  });
}

async function syncDirectory(directory: string): Promise<void> {
  // Some file systems cannot sync a directory; the rename is then as durable as they make it.
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

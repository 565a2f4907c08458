import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ioError, WeightsealError } from '../errors.js';
import { linkNameless, openNameless } from './nameless.js';

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

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.handle
        .write(bytes, done, bytes.length - done, offset + done)
        .catch((error) => {
          throw ioError(error, `write ${this.path}`);
        });
      done += bytesWritten;
    }
  }

  /** Takes over the mode of a file that this one is to replace. */
  async keepMode(path: string): Promise<void> {
    const { mode } = await lstat(path);
    await this.handle.chmod(mode & 0o7777);
  }

  /** Makes every byte durable, then gives the file its name. @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR */
  async publish(): Promise<void> {
    try {
      await this.handle.sync();
      if (!this.#temporary && !this.#overwrite) return await this.#linkTo(this.path);
      if (!this.#temporary) {
        this.#temporary = temporaryName(this.path);
        await this.#linkTo(this.#temporary);
      }
      if (this.#overwrite) await rename(this.#temporary, this.path);
      else await link(this.#temporary, this.path).then(() => rm(this.#temporary!));
      this.#temporary = undefined;
    } catch (error) {
      throw ioError(error, `write ${this.path}`);
    } finally {
      await syncDirectory(dirname(this.path));
    }
  }

  async #linkTo(name: string): Promise<void> {
    try {
      await linkNameless(this.fd, name);
    } catch {
      await checkTarget(name, false);
      // This `ln` cannot do it after all. Slower, and just as safe: copy to a named temporary file.
      await this.#copyTo(name);
    }
  }

  async #copyTo(name: string): Promise<void> {
    this.#temporary = temporaryName(this.path);
    const { mode, size } = await this.handle.stat();
    await using copy = await open(this.#temporary, 'wx', mode & 0o777);
    const chunk = new Uint8Array(COPY_BYTES);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) break;
      await copy.writeFile(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
    await copy.sync();
    await link(this.#temporary, name);
    await rm(this.#temporary);
    this.#temporary = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.handle.close();
    if (this.#temporary) await rm(this.#temporary, { force: true });
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
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.weightseal-tmp`);
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

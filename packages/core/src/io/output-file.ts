import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ioError, WeightsealError } from '../errors.js';

/** open(2): an inode without a name, which the kernel frees when its last descriptor is closed, also after kill -9. */
const O_TMPFILE = 0o20200000;
const COPY_BYTES = 1_048_576;
const run = promisify(execFile);

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

  /** Gives the nameless inode a name. Only linkat(2) with AT_SYMLINK_FOLLOW can, and Node does not offer it: `ln -L` does. */
  async #linkTo(name: string): Promise<void> {
    const source = `/proc/${process.pid}/fd/${this.fd}`;
    try {
      await run(await findLn(), ['-L', '-T', '--', source, resolve(name)]);
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

/** The `ln` of coreutils, or nothing: busybox has one without -L. */
async function findLn(): Promise<string> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(directory, 'ln')).catch(() => undefined);
    if (found) return basename(found) === 'busybox' ? '' : found;
  }
  return '';
}

async function openNameless(directory: string, mode: number): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux' || (await findLn()) === '') return undefined;
  try {
    return await open(directory, O_TMPFILE | constants.O_RDWR, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['EOPNOTSUPP', 'EISDIR', 'EINVAL'].includes(code ?? '')) return undefined;
    throw error;
  }
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

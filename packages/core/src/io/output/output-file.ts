import { constants, type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { ioError, WeightsealError } from '../../errors.js';
import { type FileSource, inputChanged } from '../byte-source.js';
import { closing } from '../closing.js';
import { durableFlags, makeDurable } from './durable.js';
import { createNamed, temporaryName, writeError } from './named.js';
import { type Nameless, nameInode, openNameless } from './nameless.js';
import { creationError, OutputTarget } from './output-target.js';
import { renameToFree } from './rename-to-free.js';

const COPY_BYTES = 1_048_576;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const MODE_BITS = 0o7777;
const PERMISSIONS = 0o777;

/**
 * A file that appears under its name whole or not at all. While it is written it has no name where the file system can do
 * that, so that a process killed at any moment leaves nothing; elsewhere (NFS, macOS, Windows) it has a hidden
 * temporary name next to the target, mode 0600.
 */
export class OutputFile implements AsyncDisposable {
  readonly handle: FileHandle;
  readonly #target: OutputTarget;
  readonly #nameless: Nameless | undefined;
  /** The name that the file has until it is whole, if it has one. */
  #temporary: string | undefined;
  #open = true;
  #published = false;

  private constructor(target: OutputTarget, handle: FileHandle, made: Nameless | string) {
    this.#target = target;
    this.handle = handle;
    if (typeof made === 'string') this.#temporary = made;
    else this.#nameless = made;
  }

  /** @throws OUTPUT_EXISTS unless `overwrite`, INVALID_ARGUMENT for what can be no file, IO_ERROR */
  static async create(path: string, overwrite: boolean, mode = 0o600): Promise<OutputFile> {
    const target = await OutputTarget.open(path, overwrite);
    try {
      const nameless = await openNameless(target.directory, mode);
      if (nameless) return new OutputFile(target, nameless.handle, nameless);
      const { handle, name } = await createNamed(target, mode);
      return new OutputFile(target, handle, name);
    } catch (error) {
      await target[Symbol.asyncDispose]();
      throw creationError(error, path);
    }
  }

  /**
   * One that is to replace a file, with its owner and mode.
   *
   * @param path where that has its name
   * @throws what `create` and `keepMode` throw
   */
  static async replacing(old: FileSource, path: string = old.path): Promise<OutputFile> {
    const { mode } = await old.stat();
    // Node's permission model forbids to change a mode.
    const file = await OutputFile.create(path, true, Number(mode) & PERMISSIONS);
    try {
      await file.keepMode(old);
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One that is to have owner and mode of another, and replaces what is there. @throws what `create` throws, IO_ERROR where the system does not allow it */
  static async alike(other: FileSource, path: string): Promise<OutputFile> {
    const { mode } = await other.stat();
    const file = await OutputFile.create(path, true, Number(mode) & PERMISSIONS);
    try {
      await file.#takeOver(other);
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  get path(): string {
    return this.#target.path;
  }

  get fd(): number {
    return this.handle.fd;
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return writeAt(this.handle, bytes, offset, this.path);
  }

  /**
   * Takes over owner and mode of the file that this one is to replace: before the work, since not every system and not every user may; and after it, since writing clears
   * bits of the mode.
   *
   * @throws INPUT_CHANGED when another file has the name, IO_ERROR
   */
  async keepMode(old: FileSource): Promise<void> {
    const [named, its] = await Promise.all([
      lstat(this.#target.place, { bigint: true }).catch(() => undefined),
      old.stat(),
    ]);
    // Its path may lead elsewhere by now.
    if (named?.ino !== its.ino || named.dev !== its.dev) throw inputChanged(this.path);
    await this.#takeOver(old);
  }

  async #takeOver(other: FileSource): Promise<void> {
    const [its, own] = await Promise.all([other.stat(), this.handle.stat()]);
    const [uid, gid, mode] = [Number(its.uid), Number(its.gid), Number(its.mode) & MODE_BITS];
    if (uid !== own.uid || gid !== own.gid)
      await this.handle.chown(uid, gid).catch(refuse(this.path, uid, gid));
    const { mode: now } = await this.handle.stat();
    if ((now & MODE_BITS) === mode) return;
    await this.handle.chmod(mode).catch((error: unknown) => {
      throw ioError(error, `keep the mode of ${this.path}`);
    });
  }

  /** Makes every byte durable. @throws NO_SPACE, IO_ERROR */
  async sync(): Promise<void> {
    await makeDurable(this.handle).catch((error: unknown) => {
      throw ioError(error, `write ${this.path}`);
    });
  }

  /** Makes every byte durable, then gives the file its name. @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR */
  async publish(): Promise<void> {
    const { directory, overwrite, place } = this.#target;
    try {
      await makeDurable(this.handle);
      if (this.#nameless && !(await this.#nameIt(this.#nameless))) await this.#copy();
      if (this.#temporary) await (overwrite ? rename : renameToFree)(directory.at(this.#temporary), place);
      this.#temporary = undefined;
      this.#published = true;
    } catch (error) {
      throw writeError(error, this.path);
    } finally {
      await directory.sync();
    }
  }

  async #nameIt(nameless: Nameless): Promise<boolean> {
    const { directory, name, overwrite } = this.#target;
    const temporary = overwrite ? temporaryName() : undefined;
    if (await nameInode(nameless, directory, name, temporary)) return true;
    if (temporary) await rm(directory.at(temporary), { force: true });
    await this.#target.check();
    return false;
  }

  /** The inode cannot get a name here after all (no /proc, say). Slower, and just as safe: a copy that has a temporary one. */
  async #copy(): Promise<void> {
    this.#temporary = temporaryName();
    const { mode, size, uid, gid } = await this.handle.stat();
    const copy = await open(this.#target.directory.at(this.#temporary), NEW | durableFlags(), 0o600);
    await using _copy = closing(copy);
    const chunk = new Uint8Array(COPY_BYTES);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) break;
      await writeAt(copy, chunk.subarray(0, bytesRead), at, this.path);
      at += bytesRead;
    }
    const own = await copy.stat();
    if (own.uid !== uid || own.gid !== gid) await copy.chown(uid, gid);
    if (((own.mode ^ mode) & MODE_BITS) !== 0) await copy.chmod(mode & MODE_BITS);
    await makeDurable(copy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const { directory, path } = this.#target;
    try {
      // What a file system does not let us remove is to hold nothing.
      if (this.#temporary) await this.handle.truncate(0).catch(() => {});
      // On some file systems closing writes, and can fail.
      await this.handle.close();
    } catch (error) {
      // Otherwise something else has failed before, and that is what to tell.
      if (this.#published) throw ioError(error, `write ${path}`);
    } finally {
      if (this.#temporary) await rm(directory.at(this.#temporary), { force: true }).catch(() => {});
      await directory[Symbol.asyncDispose]();
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
        throw writeError(error, path);
      });
    done += bytesWritten;
  }
}

function refuse(path: string, uid: number, gid: number): (cause: unknown) => never {
  return (cause) => {
    throw new WeightsealError(
      'IO_ERROR',
      `${path} is of user ${uid} and group ${gid}, and the system does not let this user give a new file to them. Run this as its owner or as root.`,
      { cause },
    );
  };
}

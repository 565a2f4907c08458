import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Directory, WeightsealError } from '@weightseal/core';
import { onExit, signals } from 'signal-exit';
import { unmappedRoot } from '../machine/root-user.js';
import { directoryName, MARK, thisProcess } from '../owner.js';
import { placeError } from './place-error.js';
import { removeMarked } from './remove-marked.js';
import { byDescriptor } from './space.js';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * A directory of mode 0700 that is ours alone. Removed with all that is in it, also what a command has put there, on dispose and when the process ends; after a
 * kill -9, by the next sweep.
 */
export class PrivateDirectory implements AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  /** Whether others can put a directory of theirs in its place. They cannot read ours all the same. */
  readonly replaceable: boolean;
  readonly #forget: () => void;
  #left: readonly string[] | undefined;

  private constructor(path: string, handle: FileHandle, replaceable: boolean) {
    this.path = path;
    this.handle = handle;
    this.replaceable = replaceable;
    leaveFileLimitAlone();
    // Exit, uncaught exceptions and the signals that end a process, unless the host listens to them itself.
    this.#forget = onExit(() => this.#remove());
  }

  /** @throws IO_ERROR where nothing private can be made in the parent */
  static async create(parent: string): Promise<PrivateDirectory> {
    await using place = await Directory.open(parent).catch((error: unknown) => {
      throw placeError(error, `make a private directory in ${parent}`);
    });
    return await PrivateDirectory.within(place, parent);
  }

  /** In a directory that is open, wherever the path that it was opened by leads now. @throws IO_ERROR */
  static async within(place: Directory, openedBy: string): Promise<PrivateDirectory> {
    const name = directoryName(await thisProcess(), randomBytes(8).toString('hex'));
    try {
      // As the kernel calls it, which is how a sweep finds it among the mounts.
      const path = join(await realpath(place.path), name);
      // mkdir(2) never follows a link, and fails when there is anything of that name.
      await mkdir(place.at(name), 0o700);
      return await PrivateDirectory.#take(place, path);
    } catch (error) {
      throw placeError(error, `make a private directory in ${openedBy}`);
    }
  }

  static async #take(place: Directory, path: string): Promise<PrivateDirectory> {
    const at = place.at(basename(path));
    let handle: FileHandle | undefined;
    try {
      handle = await open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      const made = new PrivateDirectory(path, handle, await replaceable(path));
      if (!(await isPrivate(handle))) throw notPrivate(path);
      await symlink(basename(path), `${made.descriptor}/${MARK}`);
      return made;
    } catch (error) {
      await handle?.close();
      await rmdir(at).catch(() => {});
      throw error;
    }
  }

  /** The directory as this process reaches it: what that leads to cannot be changed by renaming. */
  get descriptor(): string {
    return process.platform === 'linux' ? byDescriptor(this.handle) : this.path;
  }

  /** The path of a name in it for others: the plain one, unless somebody could turn that elsewhere. */
  pathOf(name: string): string {
    return `${this.replaceable ? this.descriptor : this.path}/${name}`;
  }

  /** What could not be removed, once it was disposed of. */
  get left(): readonly string[] {
    return this.#left ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    this.#remove();
    await this.handle.close();
  }

  #remove(): void {
    if (this.#left) return;
    try {
      this.#left = removeMarked(this.descriptor, this.path);
    } catch {
      // Left for the sweep.
      this.#left = [this.path];
    }
  }
}

async function isPrivate(handle: FileHandle): Promise<boolean> {
  const { uid, mode } = await handle.stat();
  return uid === process.geteuid?.() && (mode & 0o077) === 0;
}

function notPrivate(path: string): WeightsealError {
  return new WeightsealError('IO_ERROR', `${path} is not kept private there; choose another place.`);
}

/** In a directory that others can write to, only the sticky bit keeps them from renaming what is not theirs. */
async function replaceable(path: string): Promise<boolean> {
  const trusted = [0, process.geteuid?.(), await unmappedRoot()];
  for (let at = dirname(path); ; at = dirname(at)) {
    const { mode, uid } = await stat(at);
    if (!trusted.includes(uid) || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) return true;
    if (at === dirname(at)) return false;
  }
}

/** Node ignores SIGXFSZ, so that a write over `ulimit -f` is an error (EFBIG); whoever listens to it makes it end the process. */
function leaveFileLimitAlone(): void {
  const listened = signals.indexOf('SIGXFSZ');
  if (listened >= 0) signals.splice(listened, 1);
}

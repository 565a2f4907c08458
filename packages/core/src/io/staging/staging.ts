import { chmod, type FileHandle, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { Directory } from '../output/directory.js';
import { lifeOfMark, MARK, NEW_MARK, putMark, readMark } from './mark.js';
import { MADE, REPLACING, UNDONE } from './names.js';

export const PRIVATE = 0o700;

/**
 * A hidden directory of mode 0700 beside an output, in which that is made, as `new`, until it gets its name. Its mark says whose it is; the mark never moves with the output, so that there is no
 * moment without it.
 */
export class Staging implements AsyncDisposable {
  readonly name: string;
  readonly directory: Directory;
  /** Whether it had been another's, who is no more, and has what that one had done. */
  readonly taken: boolean;
  #mark: FileHandle;

  private constructor(name: string, directory: Directory, mark: FileHandle, taken: boolean) {
    this.name = name;
    this.directory = directory;
    this.#mark = mark;
    this.taken = taken;
  }

  static async make(above: Directory, name: string): Promise<Staging> {
    await mkdir(above.at(name), { mode: PRIVATE });
    const directory = await Directory.open(above.at(name), false);
    return await Staging.#marked(directory, name, false).catch(async (error: unknown) => {
      await removeStaging(above, name, directory).catch(() => {});
      await directory[Symbol.asyncDispose]();
      throw error;
    });
  }

  /** Of one who was killed; undefined where nobody can tell that he was, or something else has the name. */
  static async takeOver(above: Directory, name: string): Promise<Staging | undefined> {
    const directory = await openOurs(above, name);
    if (!directory) return undefined;
    const mark = await readMark(directory);
    if (mark?.name === name && (await lifeOfMark(mark, directory)) === 'dead') {
      const taken = await Staging.#marked(directory, name, true).catch(() => undefined);
      if (taken) return taken;
    }
    await directory[Symbol.asyncDispose]();
    return undefined;
  }

  static async #marked(directory: Directory, name: string, taken: boolean): Promise<Staging> {
    const mark = await putMark(directory, name);
    try {
      await mkdir(directory.at(MADE), { mode: PRIVATE });
    } catch (error) {
      const there = taken && (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!there) {
        await mark.close();
        throw error;
      }
    }
    return new Staging(name, directory, mark, taken);
  }

  /** Leaves it as it is, for the next one. */
  async leave(): Promise<void> {
    await this.#mark.close();
    this.#mark = await putMark(this.directory, this.name, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mark.close();
    await this.directory[Symbol.asyncDispose]();
  }
}

/** A directory into which nobody else can have put anything; undefined for all else. */
export async function openOurs(above: Directory, name: string): Promise<Directory | undefined> {
  const directory = await Directory.open(above.at(name), false).catch(() => undefined);
  if (!directory) return undefined;
  if (await isOurs(directory.path)) return directory;
  await directory[Symbol.asyncDispose]();
  return undefined;
}

async function isOurs(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0;
}

/** Removes a staging directory with all that is in it, the mark last: whoever is killed meanwhile leaves what the next one knows. */
export async function removeStaging(above: Directory, name: string, directory: Directory): Promise<void> {
  // Its mode may be the output's already.
  await chmod(directory.at(MADE), PRIVATE).catch(() => {});
  for (const one of [MADE, UNDONE, REPLACING, NEW_MARK, MARK])
    await rm(directory.at(one), { recursive: true, force: true });
  await rmdir(above.at(name)).catch((error: NodeJS.ErrnoException) => {
    // Whoever else removes it, the guardian of its process or another sweep, was faster.
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Moves what was made to where it is to be. One without the right to write cannot be moved: its `..` changes. */
export async function moveMade(directory: Directory, to: string, mode: number): Promise<void> {
  const made = directory.at(MADE);
  if (mode === PRIVATE) return await rename(made, to);
  const writable = (mode & 0o200) !== 0;
  if (writable) await chmod(made, mode);
  await rename(made, to);
  if (!writable) await chmod(to, mode);
}

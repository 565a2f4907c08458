import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { Directory } from '../output/directory.js';
import { disown, lifeOfMark, MARK, type Mark, NEW_MARK, putMark, readMark } from './mark.js';
import { MADE, REPLACING, UNDONE } from './names.js';

export const PRIVATE = 0o700;

/**
 * A hidden directory of mode 0700 beside an output, in which that is made, as `new`, until it gets its name. Its mark says whose it is; the mark never moves with the output, so that there is no
 * moment without it.
 */
export class Staging implements AsyncDisposable {
  readonly name: string;
  readonly directory: Directory;
  readonly #names: Mark['names'];
  /** Whether it had been another's, who is no more, and has what that one had done. */
  readonly taken: boolean;
  #unlock: () => Promise<void>;

  private constructor(
    names: Mark['names'],
    name: string,
    directory: Directory,
    unlock: () => Promise<void>,
    taken: boolean,
  ) {
    this.#names = names;
    this.name = name;
    this.directory = directory;
    this.#unlock = unlock;
    this.taken = taken;
  }

  /** @param part the name under which the next one finds it, if nobody has that: it gets it once it is marked */
  static async make(above: Directory, name: string, part: string = name): Promise<Staging> {
    await mkdir(above.at(name), { mode: PRIVATE });
    const directory = await Directory.open(above.at(name), true);
    let unlock: (() => Promise<void>) | undefined;
    try {
      const names = [name, part] as const;
      unlock = await putMark(directory, names);
      await mkdir(directory.at(MADE), { mode: PRIVATE });
      if (part === name || !(await isRenamed(above, name, part)))
        return new Staging(names, name, directory, unlock, false);
      await directory[Symbol.asyncDispose]();
      return new Staging(names, part, await Directory.open(above.at(part), true), unlock, false);
    } catch (error) {
      await unlock?.();
      await removeStaging(above, name, directory).catch(() => {});
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of one who was killed; undefined where nobody can tell that he was, something else has the name, or somebody else takes it over just now. */
  static async takeOver(above: Directory, name: string): Promise<Staging | undefined> {
    const directory = await openOurs(above, name);
    if (!directory) return undefined;
    try {
      const mark = await readMark(directory);
      if (mark?.names.includes(name) && (await lifeOfMark(mark, directory)) === 'dead') {
        const unlock = await putMark(directory, mark.names, false, mark);
        await mkdir(directory.at(MADE), { mode: PRIVATE }).catch(async (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return;
          await unlock();
          throw error;
        });
        return new Staging(mark.names, name, directory, unlock, true);
      }
    } catch {
      // The next best is another directory.
    }
    await directory[Symbol.asyncDispose]();
    return undefined;
  }

  /** Leaves it as it is, for the next one. */
  async leave(): Promise<void> {
    await this.#unlock();
    this.#unlock = () => Promise.resolve();
    this.#unlock = await putMark(this.directory, this.#names, true).catch(async () => {
      await disown(this.directory);
      return () => Promise.resolve();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unlock();
    await this.directory[Symbol.asyncDispose]();
  }
}

/** False where something has the name already. */
async function isRenamed(above: Directory, from: string, to: string): Promise<boolean> {
  try {
    await rename(above.at(from), above.at(to));
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}

/** A directory into which nobody else can have put anything; undefined for all else. */
export async function openOurs(above: Directory, name: string): Promise<Directory | undefined> {
  const isDirectory = (await lstat(above.at(name)).catch(() => undefined))?.isDirectory() ?? false;
  const directory = isDirectory
    ? await Directory.open(above.at(name), true).catch(() => undefined)
    : undefined;
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
  const names = await readdir(directory.path);
  for (const one of [MADE, UNDONE, REPLACING, NEW_MARK, MARK].filter((known) => names.includes(known))) {
    // Its mode may be the output's already.
    if (one === MADE) await chmod(directory.at(MADE), PRIVATE).catch(() => {});
    await rm(directory.at(one), { recursive: true, force: true });
  }
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

import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { createHash, randomBytes } from '../../common/crypto.js';
import { ioError, WeightsealError } from '../../errors.js';
import { Directory } from './directory.js';
import { type Guardian, guard } from './guardian.js';
import { creationError } from './output-target.js';

const PRIVATE = 0o700;

/** What a directory holds that would be lost with it, where another takes its place; undefined for nothing. */
export type Besides = (directory: Directory) => Promise<string | undefined>;

interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * A directory that appears under its name whole or not at all. It is made under a hidden name beside that one, and renamed when all in it is durable:
 * docs/decisions/0008-bundles-are-directories.md.
 */
export class OutputDirectory implements AsyncDisposable {
  /** As the caller wrote it, for messages. */
  readonly path: string;
  /** Where everything is made, until it is published. */
  readonly place: Directory;
  readonly #above: Directory;
  readonly #name: string;
  readonly #staging: string;
  readonly #overwrite: boolean | Besides;
  readonly #mode: number;
  readonly #guardian: Guardian | undefined;
  readonly #inode: Inode;
  #published = false;

  private constructor(
    path: string,
    above: Directory,
    name: string,
    staging: string,
    place: Directory,
    overwrite: boolean | Besides,
    mode: number,
    guardian: Guardian | undefined,
    inode: Inode,
  ) {
    this.path = path;
    this.#above = above;
    this.#name = name;
    this.#staging = staging;
    this.place = place;
    this.#overwrite = overwrite;
    this.#mode = mode;
    this.#guardian = guardian;
    this.#inode = inode;
  }

  /**
   * @throws OUTPUT_EXISTS for what is there and is no empty directory, unless `overwrite`; INVALID_ARGUMENT, IO_ERROR
   * @param overwrite by a function: only where nothing is lost but what it knows
   * @param resumable whether it is made under a name that the next one for the same output finds again, if this one is killed
   */
  static async create(
    given: string,
    overwrite: boolean | Besides,
    mode: number,
    resumable: boolean = false,
  ): Promise<OutputDirectory> {
    const path = given.replace(/(?<=[^/])\/+$/, '');
    const { directory: above, name } = await Directory.above(path).catch((error: unknown) => {
      throw creationError(error, path);
    });
    const staging = resumable ? besides(name, 'part') : `.${randomBytes(8).toString('hex')}.weightseal-tmp`;
    let begun = false;
    try {
      if (name === '' || name === '.' || name === '..')
        throw new WeightsealError(
          'INVALID_ARGUMENT',
          `${given} cannot be made as a whole; give the directory a name.`,
        );
      await putBack(above, name);
      await checkFree(above, name, path, overwrite);
      // What only its owner may read is plaintext. Before there is a directory: a kill between the two leaves none.
      const guardian = mode === PRIVATE ? await guard(above, staging) : undefined;
      begun = true;
      const place = await openStaging(above.at(staging), resumable);
      const inode = await stat(place.path, { bigint: true });
      return new OutputDirectory(path, above, name, staging, place, overwrite, mode, guardian, inode);
    } catch (error) {
      // What a seal that was killed has left is for the next one, which may be refused for another reason.
      if (begun) await rmdir(above.at(staging)).catch(() => {});
      await above[Symbol.asyncDispose]();
      throw creationError(error, path);
    }
  }

  /** What the directory is, for those who must not look into it. */
  get inode(): Inode {
    return this.#inode;
  }

  /** Gives it its name: all in it is durable already. @throws OUTPUT_EXISTS, IO_ERROR */
  async publish(): Promise<void> {
    const [from, to] = [this.#above.at(this.#staging), this.#above.at(this.#name)];
    try {
      await this.#checkIs(from);
      // The umask has its say, as with every directory that is made.
      if (this.#mode !== PRIVATE) await chmod(this.place.path, this.#mode & ~umask());
      await this.place.sync();
      await rename(from, to).catch((error: NodeJS.ErrnoException) => {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code ?? '')) throw error;
        return this.#replace(from, to);
      });
      await this.#checkIs(to);
      this.#published = true;
    } catch (error) {
      throw ioError(error, `write ${this.path}`);
    } finally {
      await this.#above.sync();
    }
  }

  /** Whoever can write to the directory above can put another in the place of ours. @throws IO_ERROR */
  async #checkIs(path: string): Promise<void> {
    const named = await lstat(path, { bigint: true }).catch(() => undefined);
    if (named?.ino !== this.#inode.ino || named.dev !== this.#inode.dev) throw moved(this.path);
  }

  /** Node has no call that exchanges two directories. Between the two renames the old one stands beside, whole, from where the next start puts it back. */
  async #replace(from: string, to: string): Promise<void> {
    await checkReplaceable(to, this.path, this.#overwrite);
    const aside = this.#above.at(asideOf(this.#name));
    await rm(aside, { recursive: true, force: true });
    await rename(to, aside);
    try {
      await rename(from, to);
    } catch (error) {
      await rename(aside, to);
      throw error;
    }
    await this.#above.sync();
    await rm(aside, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#published) {
      await removeAllIn(this.place).catch(() => {});
      await rmdir(this.#above.at(this.#staging)).catch(() => {});
    }
    await this.place[Symbol.asyncDispose]();
    this.#guardian?.dismiss();
    await this.#above[Symbol.asyncDispose]();
  }
}

function umask(): number {
  return process.umask();
}

/** Where the directory that is replaced stands for a moment. */
function asideOf(name: string): string {
  return besides(name, 'old');
}

/** A name that follows from another, however long that is. */
function besides(name: string, what: 'old' | 'part'): string {
  return `.${createHash('sha256').update(name).digest('hex').slice(0, 16)}.weightseal-${what}`;
}

/** A new one, or, where that is wanted, the one that is there. What is opened is looked at, and not what its name led to before. */
async function openStaging(path: string, resumable: boolean): Promise<Directory> {
  if (resumable && (await lstat(path).catch(() => undefined))?.isDirectory()) {
    const there = await Directory.open(path, true);
    if (await isOurs(there)) return there;
    await there[Symbol.asyncDispose]();
  }
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: PRIVATE });
  const made = await Directory.open(path, true);
  if ((await isOurs(made)) && (await readdir(made.path)).length === 0) return made;
  await made[Symbol.asyncDispose]();
  throw moved(path);
}

function moved(path: string): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    `${path} was not made: another program has moved what was to become it. Choose a directory in which nobody else makes changes.`,
  );
}

/** A directory that nobody else could have put something into. */
async function isOurs({ path }: Directory): Promise<boolean> {
  const { uid, mode } = await stat(path);
  return process.platform === 'win32' || (uid === process.geteuid?.() && (mode & 0o077) === 0);
}

/** By its descriptor: wherever the directory has been moved to, and whatever has its name. */
async function removeAllIn(directory: Directory): Promise<void> {
  for (const name of await readdir(directory.path))
    await rm(directory.at(name), { recursive: true, force: true });
}

/** After a kill between the two renames of an overwrite. */
async function putBack(above: Directory, name: string): Promise<void> {
  const there = await lstat(above.at(name)).catch(() => undefined);
  if (!there) await rename(above.at(asideOf(name)), above.at(name)).catch(() => {});
}

async function checkFree(
  above: Directory,
  name: string,
  path: string,
  overwrite: boolean | Besides,
): Promise<void> {
  const found = await lstat(above.at(name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return;
  if (!found.isDirectory()) throw exists(path, 'and is no directory: choose another name');
  await checkReplaceable(above.at(name), path, overwrite);
}

/** Of a file one knows what goes when another takes its place; of a directory it may be a whole life. */
async function checkReplaceable(at: string, path: string, overwrite: boolean | Besides): Promise<void> {
  if (overwrite === true || (await readdir(at)).length === 0) return;
  if (overwrite === false) throw exists(path);
  await using directory = await Directory.open(at);
  const lost = await overwrite(directory);
  if (lost !== undefined)
    throw exists(
      path,
      `and holds ${JSON.stringify(lost)}, which would be gone with it: move that, or choose another name`,
    );
}

function exists(
  path: string,
  hint = 'and is not empty: allow overwriting (--force; `overwrite: true` in a program), or choose another name',
): WeightsealError {
  return new WeightsealError('OUTPUT_EXISTS', `${path} exists already, ${hint}.`);
}

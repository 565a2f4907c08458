import { lstat, readdir, stat } from 'node:fs/promises';
import { ioError, WeightsealError } from '../../errors.js';
import { settleOutput } from '../staging/left.js';
import { MADE, partOf, randomName } from '../staging/names.js';
import { forgetPlace, rememberPlace } from '../staging/places.js';
import { replacing } from '../staging/replacing.js';
import { moveMade, PRIVATE, removeStaging, Staging } from '../staging/staging.js';
import { Directory } from './directory.js';
import { type Guardian, guard } from './guardian.js';
import { creationError } from './output-target.js';

/** What a directory holds that would be lost with it, where another takes its place; undefined for nothing. */
export type Besides = (directory: Directory) => Promise<string | undefined>;

export interface OutputDirectoryOptions {
  /** Whether what is there may be replaced; by a function: only where nothing is lost but what it knows. */
  readonly overwrite: boolean | Besides;
  /** The mode that it gets with its name. Plaintext is for its owner only. */
  readonly mode?: number;
  readonly content: 'plaintext' | 'sealed';
  /** Whether it is made under a name that the next one for the same output finds again, if this one is killed. */
  readonly resumable?: boolean;
  /** Whether that finds also what one has left that failed. */
  readonly kept?: boolean;
}

interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * A directory that appears under its name whole or not at all. It is made in a hidden directory beside that one, and renamed when all in it is durable:
 * docs/decisions/0008-bundles-are-directories.md.
 */
export class OutputDirectory implements AsyncDisposable {
  /** As the caller wrote it, for messages. */
  readonly path: string;
  /** Where everything is made, until it is published. */
  readonly place: Directory;
  readonly #above: Directory;
  readonly #name: string;
  readonly #staging: Staging;
  readonly #options: OutputDirectoryOptions;
  readonly #guardian: Guardian | undefined;
  readonly #inode: Inode;
  #begun: boolean;
  #published = false;

  private constructor(
    path: string,
    above: Directory,
    name: string,
    staging: Staging,
    place: Directory,
    options: OutputDirectoryOptions,
    guardian: Guardian | undefined,
    inode: Inode,
  ) {
    this.path = path;
    this.place = place;
    this.#above = above;
    this.#name = name;
    this.#staging = staging;
    this.#options = options;
    this.#guardian = guardian;
    this.#inode = inode;
    this.#begun = !staging.taken;
  }

  /** @throws OUTPUT_EXISTS for what is there and is no empty directory, unless `overwrite`; INVALID_ARGUMENT, IO_ERROR */
  static async create(given: string, options: OutputDirectoryOptions): Promise<OutputDirectory> {
    const { path, above, name } = await divided(given);
    try {
      await settleOutput(above, name);
      await checkFree(above, name, path, options.overwrite);
      return await OutputDirectory.#make(path, above, name, options);
    } catch (error) {
      await above[Symbol.asyncDispose]();
      throw creationError(error, path);
    }
  }

  static async #make(
    path: string,
    above: Directory,
    name: string,
    options: OutputDirectoryOptions,
  ): Promise<OutputDirectory> {
    const tmp = randomName('tmp');
    // Before there is a directory: a kill between the two leaves none.
    const guardian = options.content === 'plaintext' ? await guard(above, tmp) : undefined;
    let staging: Staging | undefined;
    try {
      staging = await (options.resumable ? resumable(above, name, tmp) : Staging.make(above, tmp));
      if (options.content === 'plaintext') await rememberPlace(above.path, staging.name);
      const place = await Directory.open(staging.directory.at(MADE), true);
      const inode = await stat(staging.directory.path, { bigint: true });
      return new OutputDirectory(path, above, name, staging, place, options, guardian, inode);
    } catch (error) {
      if (staging && !staging.taken)
        await removeStaging(above, staging.name, staging.directory).catch(() => {});
      await staging?.[Symbol.asyncDispose]();
      guardian?.dismiss();
      throw error;
    }
  }

  /** Before an output is looked for that is there: a process that was killed may have left it beside its name. */
  static async settle(given: string): Promise<void> {
    const { above, name } = await divided(given);
    await using _above = above;
    await settleOutput(above, name);
  }

  /** What the directory is, for those who must not look into it. */
  get inode(): Inode {
    return this.#inode;
  }

  /** Whether the next one finds it, if this one is killed. */
  get resumable(): boolean {
    return this.#staging.name === partOf(this.#name);
  }

  /** What was there is taken or given up now: an error leaves nothing from here on. Until then it is left for the next one, since this one may be refused for any reason. */
  begin(): void {
    this.#begun = true;
  }

  /** Gives it its name: all in it is durable already. @throws OUTPUT_EXISTS, IO_ERROR */
  async publish(): Promise<void> {
    const { overwrite, mode = PRIVATE } = this.#options;
    const [to, staging] = [this.#above.at(this.#name), this.#staging.directory];
    // The umask has its say, as with every directory that is made.
    const move = () => moveMade(staging, to, mode === PRIVATE ? mode : mode & ~process.umask());
    try {
      await this.place.sync();
      await move().catch(async (error: NodeJS.ErrnoException) => {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code ?? '')) throw error;
        await checkReplaceable(to, this.path, overwrite);
        await replacing(this.#above, this.#name, staging, move);
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
    const [named, own] = await Promise.all([
      lstat(path, { bigint: true }).catch(() => undefined),
      stat(this.place.path, { bigint: true }).catch(() => undefined),
    ]);
    // Where it is reached by a path alone, that has moved with it.
    const isOurs = this.place.fd === undefined || (named?.ino === own?.ino && named?.dev === own?.dev);
    if (!named || !isOurs) throw moved(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
    const { name, directory } = this.#staging;
    const kept = this.#options.kept === true && this.resumable && !this.#published;
    // What could not be removed is for the next one, and for a sweep.
    if (this.#begun && !kept)
      await removeStaging(this.#above, name, directory).then(
        () => forgetPlace(name),
        () => {},
      );
    else await this.#staging.leave().catch(() => {});
    await this.#staging[Symbol.asyncDispose]();
    this.#guardian?.dismiss();
    await this.#above[Symbol.asyncDispose]();
  }
}

async function divided(given: string): Promise<{ path: string; above: Directory; name: string }> {
  const path = given.replace(/(?<=[^/])\/+$/, '');
  const { directory: above, name } = await Directory.above(path).catch((error: unknown) => {
    throw creationError(error, path);
  });
  if (name !== '' && name !== '.' && name !== '..') return { path, above, name };
  await above[Symbol.asyncDispose]();
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${given} cannot be made as a whole; give the directory a name.`,
  );
}

/** What one who was killed has left; else one that the next finds, unless somebody else, who may be at work, has its name. */
async function resumable(above: Directory, name: string, tmp: string): Promise<Staging> {
  const part = partOf(name);
  return (await Staging.takeOver(above, part)) ?? (await Staging.make(above, tmp, part));
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

function moved(path: string): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    `${path} was not made: another program has moved what was to become it. Choose a directory in which nobody else makes changes.`,
  );
}

function exists(
  path: string,
  hint = 'and is not empty: allow overwriting (--force; `overwrite: true` in a program), or choose another name',
): WeightsealError {
  return new WeightsealError('OUTPUT_EXISTS', `${path} exists already, ${hint}.`);
}

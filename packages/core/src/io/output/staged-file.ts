import { rename } from 'node:fs/promises';
import { settleOutput } from '../staging/left.js';
import { MADE, partOf, randomName } from '../staging/names.js';
import { removeStaging, Staging } from '../staging/staging.js';
import { Directory } from './directory.js';
import { writeError } from './named.js';
import { creationError, OutputTarget } from './output-target.js';
import { renameToFree } from './rename-to-free.js';

/**
 * A file that is made in a hidden directory beside its name, of this user alone, and moved when it is whole: whoever is cut off, or fails, has done what is there for the next one to the same name. For
 * what is not secret.
 */
export class StagedFile implements AsyncDisposable {
  readonly #target: OutputTarget;
  readonly #staging: Staging;
  readonly #place: Directory;
  /** Whether nobody goes on with it. */
  #over = false;

  private constructor(target: OutputTarget, staging: Staging, place: Directory) {
    this.#target = target;
    this.#staging = staging;
    this.#place = place;
  }

  /** @throws OUTPUT_EXISTS unless `overwrite`, INVALID_ARGUMENT for what can be no file, IO_ERROR */
  static async create(path: string, overwrite: boolean): Promise<StagedFile> {
    const target = await OutputTarget.open(path, overwrite);
    const { directory: above, name } = target;
    let staging: Staging | undefined;
    try {
      await settleOutput(above, name);
      const part = partOf(name);
      staging = (await Staging.takeOver(above, part)) ?? (await Staging.make(above, randomName('tmp'), part));
      return new StagedFile(target, staging, await Directory.open(staging.directory.at(MADE), true));
    } catch (error) {
      await staging?.[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
      throw creationError(error, path);
    }
  }

  /** Where it is made. */
  at(name: string): string {
    return this.#place.at(name);
  }

  /** Gives a file that was made there its name. @throws OUTPUT_EXISTS, IO_ERROR */
  async publish(made: string): Promise<void> {
    const { directory, overwrite, place, path } = this.#target;
    try {
      await (overwrite ? rename : renameToFree)(made, place);
      this.#over = true;
    } catch (error) {
      throw writeError(error, path);
    } finally {
      await directory.sync();
    }
  }

  /** What was made is of no use to anybody. */
  discard(): void {
    this.#over = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { name, directory } = this.#staging;
    await this.#place[Symbol.asyncDispose]();
    // Under another name nobody finds it, since somebody else has that. What could not be removed is for the next one, and for a sweep.
    if (this.#over || name !== partOf(this.#target.name))
      await removeStaging(this.#target.directory, name, directory).catch(() => {});
    else await this.#staging.leave().catch(() => {});
    await this.#staging[Symbol.asyncDispose]();
    await this.#target[Symbol.asyncDispose]();
  }
}

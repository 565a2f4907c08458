import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { ioError, WeightsealError } from '../../errors.js';
import { Directory } from './directory.js';
import { checkOutputPath, isDirectory, nameTooLong, notAFile } from './output-path.js';

/** Where an output gets its name: in a directory that is open, where the output may be. */
export class OutputTarget implements AsyncDisposable {
  /** As the caller wrote it, for messages. */
  readonly path: string;
  readonly name: string;
  readonly directory: Directory;
  readonly overwrite: boolean;

  private constructor(path: string, name: string, directory: Directory, overwrite: boolean) {
    this.path = path;
    this.name = name;
    this.directory = directory;
    this.overwrite = overwrite;
  }

  /** @throws INVALID_ARGUMENT, OUTPUT_EXISTS, IO_ERROR */
  static async open(path: string, overwrite: boolean): Promise<OutputTarget> {
    checkOutputPath(path);
    const { directory, name } = await Directory.above(path).catch((error: unknown) => {
      throw creationError(error, path);
    });
    const target = new OutputTarget(path, name, directory, overwrite);
    try {
      await target.check();
      return target;
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How this process reaches it. */
  get place(): string {
    return this.directory.at(this.name);
  }

  /** @throws INVALID_ARGUMENT, OUTPUT_EXISTS, IO_ERROR */
  async check(): Promise<void> {
    const { path, place, overwrite } = this;
    const found = await lstat(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw creationError(error, path);
    });
    if (!found) return;
    if (found.isSymbolicLink()) {
      const led = await stat(place).catch(() => undefined);
      if (led) checkKind(led, path);
      throw exists(path, 'it is a link, and links are not followed; name what it leads to');
    }
    checkKind(found, path);
    if (!overwrite) throw exists(path, 'allow overwriting (--force; `overwrite: true` in a program)');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.directory[Symbol.asyncDispose]();
  }
}

function checkKind(found: Stats, path: string): void {
  if (found.isDirectory()) throw isDirectory(path);
  if (!found.isFile()) throw notAFile(path);
}

function exists(path: string, hint: string): WeightsealError {
  return new WeightsealError('OUTPUT_EXISTS', `${path} exists already: ${hint}, or choose another name.`);
}

/** What the system says of a place that cannot be used, with the sentence for it. */
export function creationError(error: unknown, path: string): WeightsealError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENAMETOOLONG') return nameTooLong(path);
  const why =
    code === 'ENOENT'
      ? 'its directory does not exist'
      : code === 'ENOTDIR'
        ? 'what should be its directory is none; check the path'
        : undefined;
  if (why === undefined) return ioError(error, `create ${path}`);
  return new WeightsealError('IO_ERROR', `Could not create ${path}: ${why}.`, { cause: error });
}

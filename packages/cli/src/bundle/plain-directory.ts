import type { Directory } from '@weightseal/core';
import { fs, path as paths } from '../builtins.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { quote } from '../text.js';

/** A directory that is to be sealed. That which it is in is opened once, as for a file (plain-input.ts). */
export class PlainDirectory implements AsyncDisposable {
  /** For the rules of a configuration, and for what seals it. */
  readonly place: string;
  readonly #path: string;
  readonly #above: Directory;

  private constructor(path: string, above: Directory, name: string) {
    this.#path = path;
    this.#above = above;
    this.place = above.fd === undefined ? path : above.at(name);
  }

  /** @throws INPUT_NOT_FOUND, IO_ERROR */
  static async at(given: string): Promise<PlainDirectory> {
    const path = withoutSlashes(given);
    const library = await core();
    const { directory, name } = await library.Directory.above(path).catch((error: unknown) => {
      throw library.ioError(error, `open ${path}`);
    });
    return new PlainDirectory(path, directory, name);
  }

  /** The name to keep, where the path does not end in it; undefined where it does, or there is none. */
  get name(): string | undefined {
    if (hasName(this.#path)) return undefined;
    return paths.basename(fs.realpathSync.native(this.place)) || undefined;
  }

  /** An output in it would be sealed with it the next time. @throws CliError of class usage */
  checkOutside(output: string): void {
    const real = (path: string): string | undefined => {
      try {
        return fs.realpathSync.native(path);
      } catch {
        // It is told where it is opened.
        return undefined;
      }
    };
    const above = real(paths.dirname(withoutSlashes(output)));
    const own = real(this.place);
    if (
      above === undefined ||
      own === undefined ||
      !`${above}/`.startsWith(own.endsWith('/') ? own : `${own}/`)
    )
      return;
    throw usageError(
      `seal: ${quote(output)} is in the directory that is sealed, and would be sealed with it the next time. Name one outside of it with -o.`,
    );
  }

  /** Says the path as it was given, in what is thrown of the place. */
  async named<T>(work: Promise<T>): Promise<T> {
    const { isWeightsealError, WeightsealError } = await core();
    return await work.catch((error: unknown) => {
      if (this.place === this.#path || !isWeightsealError(error) || !error.message.includes(this.place))
        throw error;
      const message = error.message.replaceAll(this.place, () => this.#path);
      throw new WeightsealError(error.code, message, { cause: error, failures: error.failures });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#above[Symbol.asyncDispose]();
  }
}

/** `model.sealed` of `model` and of `model/`. @throws CliError of class usage for what has no name of its own */
export function besideDirectory(given: string): string {
  const path = withoutSlashes(given);
  if (hasName(path)) return `${path}.sealed`;
  throw usageError(
    `seal: ${JSON.stringify(given)} has no name to derive one from; say where to with -o <directory>, outside of it.`,
  );
}

function hasName(path: string): boolean {
  return !/(?:^|\/)\.{0,2}$/.test(path);
}

function withoutSlashes(path: string): string {
  return path.replace(process.platform === 'win32' ? /(?<=[^\\/:])[\\/]+$/ : /(?<=[^/])\/+$/, '');
}

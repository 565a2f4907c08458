import { constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { besidesBundle } from '../bundle/besides.js';
import { pathInvalid } from '../bundle/line.js';
import { removeOthers } from '../bundle/staging.js';
import { systemPathProblem } from '../bundle/system-names.js';
import { writeNew } from '../bundle/write-new.js';
import { ioError, isWeightsealError } from '../errors.js';
import { ENVELOPE_NAME, parentOf } from '../format/path.js';
import { FileSource } from '../io/byte-source.js';
import { closing } from '../io/closing.js';
import { Directory } from '../io/output/directory.js';
import { makeDurable } from '../io/output/durable.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { OutputFile } from '../io/output/output-file.js';
import { StagedFile } from '../io/output/staged-file.js';
import { codeOf } from '../store/outcome.js';
import type { OpenPiece, Piece } from './piece.js';
import type { Place, Put } from './place.js';
import { isLong, pour, pourLong } from './pour.js';
import { type Compared, compare } from './same.js';

/** What is not whole. */
const PARTIAL = 'weightseal.copying';
const NOT_FOLLOWED = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** A file, and what stands beside it. */
export class FilePlace implements Place {
  readonly #path: string;
  readonly #overwrite: boolean;

  constructor(path: string, overwrite: boolean) {
    this.#path = path;
    this.#overwrite = overwrite;
  }

  async put(piece: Piece, signal: AbortSignal, progress: (bytes: number) => void): Promise<Put> {
    const path = this.#path + piece.path;
    await using from = await piece.open(signal);
    const compared = await comparedTo(path, from, signal);
    if (compared?.same) return { ...compared, copied: false };
    const { source } = from;
    if (isLong(source)) {
      await using staged = await StagedFile.create(path, this.#overwrite);
      const at = { path: staged.at(PARTIAL), name: path, move: (made: string) => staged.publish(made) };
      const sealed = await pourLong(source, at, signal, progress).catch((error: unknown) => {
        if (codeOf(error) === 'INPUT_CHANGED') staged.discard();
        throw error;
      });
      return { sealed, copied: true };
    }
    await using file = await OutputFile.create(path, this.#overwrite, 0o666);
    const sealed = await pour(from, (bytes, at) => file.write(bytes, at), signal, progress);
    await file.publish();
    return { sealed, copied: true };
  }

  async check(piece: Piece, signal: AbortSignal | undefined): Promise<void> {
    const path = this.#path + piece.path;
    await using from = await piece.open(signal);
    if ((await comparedTo(path, from, signal))?.same) return;
    await using _possible = await OutputFile.create(path, this.#overwrite, 0o666);
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A directory for a bundle, which gets its name when all of it is there. What was copied before something went wrong stays for the next one to the same output. */
export class DirectoryPlace implements Place {
  readonly #out: OutputDirectory;
  readonly #pieces: readonly Piece[];

  /** Where files lie while they are not whole: a name that none of the bundle's has. */
  readonly #partial: string;

  private constructor(out: OutputDirectory, pieces: readonly Piece[], partial: string) {
    this.#out = out;
    this.#pieces = pieces;
    this.#partial = partial;
  }

  /** @throws OUTPUT_EXISTS, PATH_INVALID, IO_ERROR */
  static async open(path: string, pieces: readonly Piece[], overwrite: boolean): Promise<DirectoryPlace> {
    for (const one of pieces) {
      const problem = systemPathProblem(one.path, process.platform);
      if (problem !== undefined) throw pathInvalid(one.path, problem);
    }
    const out = await OutputDirectory.create(path, {
      overwrite: overwrite ? besidesBundle : false,
      mode: 0o777,
      content: 'sealed',
      resumable: true,
      kept: true,
    });
    const partial = freeName(pieces);
    try {
      await mkdir(out.place.at(partial), { recursive: true });
      for (const parent of parentsOf(pieces)) await mkdir(out.place.at(parent), { recursive: true });
    } catch (error) {
      await out[Symbol.asyncDispose]();
      throw ioError(error, `write ${path}`);
    }
    return new DirectoryPlace(out, pieces, partial);
  }

  async put(piece: Piece, signal: AbortSignal, progress: (bytes: number) => void): Promise<Put> {
    const path = this.#out.place.at(piece.path);
    await using from = await piece.open(signal);
    const compared = await comparedTo(path, from, signal);
    if (compared?.same) {
      // Whoever wrote it may have been killed before it was.
      const there = await open(path, 'r');
      await using _there = closing(there);
      await makeDurable(there);
      return { ...compared, copied: false };
    }
    await rm(path, { recursive: true, force: true });
    const { source } = from;
    if (!isLong(source))
      return {
        sealed: await writeNew(path, (write) => pour(from, write, signal, progress)),
        copied: true,
      };
    const at = {
      path: this.#out.place.at(`${this.#partial}/${this.#pieces.indexOf(piece)}`),
      name: `${this.#out.path}/${piece.path}`,
      move: (made: string) => rename(made, path),
    };
    return { sealed: await pourLong(source, at, signal, progress), copied: true };
  }

  /** It is new, or replaced as a whole. */
  check(): Promise<void> {
    return Promise.resolve();
  }

  async publish(): Promise<void> {
    await removeOthers(this.#out.place, new Set(this.#pieces.map(({ path }) => path)));
    for (const parent of parentsOf(this.#pieces)) {
      await using directory = await Directory.open(this.#out.place.at(parent));
      await directory.sync();
    }
    this.#out.begin();
    await this.#out.publish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#out[Symbol.asyncDispose]();
  }
}

/** Whether the bundle that is to be copied is at the place already, all of it. */
export async function isThere(
  path: string,
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // The envelope first: it says of another bundle that it is one.
  for (const piece of pieces.toReversed()) {
    await using from = await piece.open(signal);
    if (!(await comparedTo(`${path}/${piece.path}`, from, signal))?.same) return false;
  }
  return pieces.some(({ path: name }) => name === ENVELOPE_NAME);
}

/** Undefined where there is nothing, or what is no file: whoever writes there tells that. */
async function comparedTo(
  path: string,
  { source }: OpenPiece,
  signal: AbortSignal | undefined,
): Promise<Compared | undefined> {
  const there = await FileSource.open(path, NOT_FOLLOWED).catch((error: unknown) => {
    if (isWeightsealError(error)) return undefined;
    throw error;
  });
  if (!there) return undefined;
  await using _there = there;
  return there.size === source.size ? await compare(source, there, signal) : undefined;
}

/** The directories that files of the bundle are in, those above first. */
function parentsOf(pieces: readonly Piece[]): string[] {
  const all = new Set<string>();
  for (const { path } of pieces)
    for (let at = parentOf(path); at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  return [...all].sort();
}

/** The same for the same bundle, so that the next copy finds it. */
function freeName(pieces: readonly Piece[]): string {
  const taken = new Set(pieces.map(({ path }) => path.split('/', 1)[0]));
  let name = PARTIAL;
  for (let n = 1; taken.has(name); n++) name = `${PARTIAL}-${n}`;
  return name;
}

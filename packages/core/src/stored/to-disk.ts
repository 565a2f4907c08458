import { mkdir, rename, rm } from 'node:fs/promises';
import { besidesBundle } from '../bundle/besides.js';
import { pathInvalid } from '../bundle/line.js';
import { removeOthers } from '../bundle/staging.js';
import { systemPathProblem } from '../bundle/system-names.js';
import { writeNew } from '../bundle/write-new.js';
import { ioError } from '../errors.js';
import { Directory } from '../io/output/directory.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { takeLocal, whatLies } from './checked-piece.js';
import type { CopyChecks, Expected } from './checks.js';
import type { Piece } from './piece.js';
import type { Place, Put } from './place.js';
import { parentsOf } from './plan.js';
import { isLong, type Progress, pour, pourLong } from './pour.js';
import { comparedTo, durable, PARTIAL, untilExpected } from './put.js';

/** A directory for a bundle, which gets its name when all of it is there. What was copied before something went wrong stays for the next one to the same output. */
export class DirectoryPlace implements Place {
  readonly #out: OutputDirectory;
  readonly #pieces: readonly Piece[];
  /** Which is under which number. */
  readonly #numbers: ReadonlyMap<string, number>;

  /** Where files lie while they are not whole: a name that none of the bundle's has. */
  readonly #partial: string;
  readonly #checks: CopyChecks | undefined;

  private constructor(
    out: OutputDirectory,
    pieces: readonly Piece[],
    partial: string,
    checks: CopyChecks | undefined,
  ) {
    this.#out = out;
    this.#pieces = pieces;
    this.#numbers = new Map(pieces.map(({ path }, number) => [path, number]));
    this.#partial = partial;
    this.#checks = checks;
  }

  /** @throws OUTPUT_EXISTS, PATH_INVALID, IO_ERROR */
  static async open(
    path: string,
    pieces: readonly Piece[],
    overwrite: boolean,
    checks?: CopyChecks,
  ): Promise<DirectoryPlace> {
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
    return new DirectoryPlace(out, pieces, partial, checks);
  }

  async put(piece: Piece, signal: AbortSignal, progress: Progress): Promise<Put> {
    const expected = this.#checks?.expected(piece.path);
    const lies = expected && (await this.#here(piece, expected, signal, progress));
    if (lies) return { ...lies, copied: false };
    return await untilExpected(piece.path, this.#checks, progress, (_, told) =>
      this.#put(piece, expected, signal, told),
    );
  }

  /** What needs not come: it was copied before, or lies elsewhere on this machine. */
  async #here(
    { path: name, size }: Piece,
    expected: Expected,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Pick<Put, 'sealed'> | undefined> {
    const path = this.#out.place.at(name);
    const there = await whatLies(path, size, expected, signal);
    const local = there ? undefined : this.#checks?.local?.(name);
    const made = `${this.#made(name)}.local`;
    const lies =
      there ?? (local && (await takeLocal(local, { made, path }, size, expected, signal, progress)));
    if (!lies) return undefined;
    // What is copied here is that already.
    if (there) await durable(path);
    this.#checks?.onPresent?.(name, there ? 'present' : 'reused', size);
    return lies;
  }

  async #put(
    piece: Piece,
    expected: Expected | undefined,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Put> {
    const path = this.#out.place.at(piece.path);
    await using from = await piece.open(signal);
    const compared = expected ? undefined : await comparedTo(path, from, signal);
    if (compared?.same) {
      // Whoever wrote it may have been killed before it was.
      await durable(path);
      this.#checks?.onPresent?.(piece.path, 'present', piece.size);
      return { ...compared, copied: false };
    }
    await rm(path, { recursive: true, force: true });
    const { source } = from;
    if (!isLong(source))
      return {
        sealed: await writeNew(path, (write) => pour(from, write, signal, progress, expected)),
        copied: true,
      };
    const at = {
      path: this.#made(piece.path),
      name: `${this.#out.path}/${piece.path}`,
      move: (made: string) => rename(made, path),
      onPresent: (bytes: number) => this.#checks?.onPresent?.(piece.path, 'present', bytes),
    };
    return { sealed: await pourLong(source, at, signal, progress, expected), copied: true };
  }

  /** Where it is while it is not whole: under a number, which is the same the next time. */
  #made(name: string): string {
    return this.#out.place.at(`${this.#partial}/${this.#numbers.get(name)}`);
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

/** The same for the same bundle, so that the next copy finds it. */
function freeName(pieces: readonly Piece[]): string {
  const taken = new Set(pieces.map(({ path }) => path.split('/', 1)[0]));
  let name = PARTIAL;
  for (let n = 1; taken.has(name); n++) name = `${PARTIAL}-${n}`;
  return name;
}

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Context, closing, WeightsealError } from '@weightseal/core';
import type { Inode } from './inode.js';
import type { OpenedModel } from './model.js';
import type { Chosen } from './place/choose.js';
import type { Placement, Space } from './place/space.js';
import type { Plaintext, Released } from './plaintext.js';
import { Tree } from './tree/tree.js';

/** Plaintext in memory, whole and authenticated, until it is disposed of: `await using model = await load(…)`. */
export class LoadedModel implements AsyncDisposable {
  /** A path that this process, and others of the same user, can open and map: of a file, or of a directory where a bundle was loaded. */
  readonly path: string;
  /** All that the file or bundle says of itself: id, name, when it was sealed, whether the digest was compared. */
  readonly opened: OpenedModel;
  readonly placement: Placement;
  readonly #space: Space;
  readonly #busy: Promise<unknown>[] = [];
  #disposed: Promise<Released> | undefined;

  /** @internal */
  constructor(opened: OpenedModel, { place, placement }: Chosen<Space<Inode> | Space<Tree>>, path: string) {
    this.opened = opened;
    this.placement = placement;
    this.path = path;
    live.add(place);
    this.#space = place;
  }

  /** Bytes of plaintext. */
  get size(): number {
    return this.opened.size;
  }

  /** `sha256:…` of a file's plaintext, as it was sealed; undefined when it was sealed without, and of a bundle. */
  get digest(): string | undefined {
    return this.opened.digest;
  }

  get context(): Context {
    return this.opened.context;
  }

  /**
   * The bytes, for libraries that take those; a new copy each time, which is the caller's.
   *
   * @param member of a bundle: the path of one of its files
   * @throws INVALID_ARGUMENT after it was disposed of, and where a file of a bundle is not named, or not there
   */
  async bytes(member?: string): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#while(() => this.#read(member));
  }

  /**
   * Of a bundle: takes one file away, and wipes it unless a process maps it or has it open; the others stay. What is used goes with the rest, at `dispose`.
   *
   * @throws INVALID_ARGUMENT after it was disposed of, and where there is no such file
   */
  async release(member: string): Promise<Released> {
    return await this.#while(() => treeOf(this.#space.plaintext).clearMember(member));
  }

  async #while<T>(act: () => Promise<T>): Promise<T> {
    if (this.#disposed)
      throw new WeightsealError('INVALID_ARGUMENT', 'The model was disposed of; load it again.');
    const acting = act();
    this.#busy.push(acting.catch(() => {}));
    return await acting;
  }

  async #read(member: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const { plaintext } = this.#space;
    if (plaintext instanceof Tree) {
      const handle = await open(plaintext.at(plaintext.checked(member)), O_RDONLY | O_NOFOLLOW);
      await using _handle = closing(handle);
      return await readAll(handle, (await handle.stat()).size, this.path);
    }
    if (member !== undefined) throw notBundle();
    return await readAll((plaintext as Inode).handle, this.size, this.path);
  }

  /** Waits for `bytes()` under way, takes the path away, wipes the bytes unless a process maps them or has them open, and says what was done. Safe to call twice. */
  dispose(): Promise<Released> {
    this.#disposed ??= Promise.all(this.#busy).then(() => end(this.#space));
    return this.#disposed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

const { O_NOFOLLOW, O_RDONLY } = constants;
const PIECE = 16 * 1_048_576;
/** Whoever keeps only the path must not lose the file to the garbage collector, which would close it. */
const live = new Set<Space>();

async function end(space: Space): Promise<Released> {
  try {
    return await space.plaintext.release(true);
  } finally {
    live.delete(space);
    await space[Symbol.asyncDispose]();
  }
}

async function readAll(handle: FileHandle, size: number, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    // In pieces that do not keep a thread of the system's pool for long.
    const { bytesRead } = await handle.read(out, done, Math.min(size - done, PIECE), done);
    if (bytesRead === 0) throw new WeightsealError('INPUT_CHANGED', `${path} was cut by somebody else.`);
    done += bytesRead;
  }
  return out;
}

function treeOf(plaintext: Plaintext): Tree {
  if (plaintext instanceof Tree) return plaintext;
  throw notBundle();
}

function notBundle(): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', 'This is one file, and has no members: name none.');
}

import { constants, lstat, open, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Identity } from '../engine/files-task.js';
import { ioError, throwIfAborted, WeightsealError } from '../errors.js';
import { depthOf, MAX_DEPTH, MAX_MEMBERS, shown } from '../format/path.js';
import { namesIn } from '../io/names-in.js';
import type { Directory } from '../io/output/directory.js';
import { blobsBeside, isBlobOf } from './hub-cache.js';
import { Identities } from './identities.js';
import { type Choice, type LeftOut, whyLeftOut } from './left-out.js';
import { pathInvalid } from './line.js';
import { linkInvalid } from './rules.js';

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** Node's promises have four threads below them; more at once only waits there. */
const LOOKS = 32;

/** What is found in a directory that is to be sealed. */
export interface Found {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** Of a file that was reached by a link: where it is read. */
  readonly input?: string;
  /** Of a file: bytes, and the number of what it was. */
  readonly size?: number;
  readonly identity?: number;
  readonly executable?: boolean;
  /** Of a link within: the real path that it leads to, from the directory. */
  readonly target?: string;
}

export interface Walk {
  readonly found: Found[];
  readonly identities: Identities;
  readonly leftOut: readonly LeftOut[];
}

export interface WalkOptions extends Choice {
  readonly signal: AbortSignal | undefined;
  /** A directory that is not looked into, wherever it is found: the output. */
  readonly except?: { readonly dev: bigint; readonly ino: bigint } | undefined;
}

/**
 * Reads a directory as it will be sealed. Each directory is opened in the one before it and never through a link, so that nobody who moves things about meanwhile leads
 * out of it; what each file was is kept, and compared when it is read.
 *
 * @throws PATH_INVALID, LINK_INVALID, BUNDLE_LIMIT, IO_ERROR, ABORTED
 */
export async function walk(root: Directory, path: string, options: WalkOptions): Promise<Walk> {
  await using blobs = await blobsBeside(root);
  const walker = new Walker(root, await realpath(path), blobs, options);
  try {
    await walker.directory(root.path, '');
  } catch (error) {
    throw ioError(error, `read ${path}`);
  }
  const { found, identities, leftOut } = walker;
  return { found, identities, leftOut };
}

class Walker {
  readonly found: Found[] = [];
  readonly identities = new Identities();
  readonly leftOut: LeftOut[] = [];
  readonly #root: Directory;
  readonly #real: string;
  /** In the cache of a hub. */
  readonly #blobs: Directory | undefined;
  readonly #options: WalkOptions;

  constructor(root: Directory, real: string, blobs: Directory | undefined, options: WalkOptions) {
    this.#root = root;
    this.#real = real;
    this.#blobs = blobs;
    this.#options = options;
  }

  async directory(at: string, path: string): Promise<void> {
    const names = await sortedNames(at);
    for (let from = 0; from < names.length; from += LOOKS) {
      throwIfAborted(this.#options.signal);
      const some = names.slice(from, from + LOOKS);
      const stats = await Promise.all(some.map((name) => lstat(`${at}/${name}`, { bigint: true })));
      for (const [index, stat] of stats.entries()) {
        const member = path === '' ? some[index]! : `${path}/${some[index]!}`;
        const isDirectory = stat.isDirectory();
        const { except } = this.#options;
        if (isDirectory && stat.ino === except?.ino && stat.dev === except.dev) continue;
        const why = whyLeftOut(member, isDirectory, this.#options);
        if (why !== undefined) {
          if (why !== 'not included') this.leftOut.push({ path: member, why });
        } else if (isDirectory) await this.#enter(at, some[index]!, member);
        else if (stat.isSymbolicLink()) await this.#link(member);
        else if (stat.isFile()) this.#file(member, undefined, stat, Number(stat.mode));
        else throw pathInvalid(member, 'it is a device, a pipe or a socket; leave it out (exclude)');
      }
    }
  }

  async #enter(parent: string, name: string, path: string): Promise<void> {
    if (depthOf(path) > MAX_DEPTH) throw pathInvalid(path, `it is deeper than ${MAX_DEPTH} directories`);
    const before = this.found.length;
    this.#push({ path, kind: 'directory' });
    if (this.#root.fd === undefined) await this.directory(`${parent}/${name}`, path);
    else {
      const handle = await open(`${parent}/${name}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        await this.directory(`/proc/self/fd/${handle.fd}`, path);
      } finally {
        await handle.close();
      }
    }
    // Where only some are included, a directory is there for what is in it.
    const { include } = this.#options;
    if (include && this.found.length === before + 1 && !include(path)) this.found.pop();
  }

  /** A link within stays one; one into the blobs of a Hugging Face cache is the file that it leads to. Nothing else is followed. */
  async #link(path: string): Promise<void> {
    const real = await realpath(`${this.#real}/${path}`).catch(() => undefined);
    if (real === undefined)
      throw linkInvalid(path, 'it leads to nothing; remove it, or leave it out (exclude)');
    if (real.startsWith(`${this.#real}/`)) {
      this.#push({ path, kind: 'link', target: real.slice(this.#real.length + 1) });
      return;
    }
    if (!this.#blobs || !isBlobOf(this.#real, real))
      throw linkInvalid(
        path,
        `it leads out of the directory, to ${shown(real)}; put a copy in its place, or leave it out (exclude)`,
      );
    // In that directory itself, wherever the way to it leads by now.
    const handle = await open(this.#blobs.at(basename(real)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) throw linkInvalid(path, 'it leads to what is no file');
      this.#file(path, real, stat, Number(stat.mode));
    } finally {
      await handle.close();
    }
  }

  #file(path: string, input: string | undefined, stat: Identity, mode: number): void {
    this.#push({
      path,
      kind: 'file',
      ...(input !== undefined && { input }),
      size: Number(stat.size),
      identity: this.identities.add(stat),
      executable: (mode & 0o111) !== 0,
    });
  }

  #push(found: Found): void {
    if (this.found.length === MAX_MEMBERS)
      throw new WeightsealError(
        'BUNDLE_LIMIT',
        `The directory has more than ${MAX_MEMBERS} members, and a bundle cannot; seal parts of it.`,
      );
    this.found.push(found);
  }
}

/** Names that are no UTF-8 would become others: they are refused. */
async function sortedNames(at: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, odd } of namesIn(at)) {
    if (odd) throw pathInvalid(name, 'it is not UTF-8');
    names.push(name);
  }
  return names.sort();
}

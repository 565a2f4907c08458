import { randomBytes } from 'node:crypto';
import { chmodSync, lchownSync, lstatSync } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { WeightsealError } from '@weightseal/core';
import type { InodeId } from '../inode-id.js';
import { placeError } from '../place/place-error.js';
import type { Owner, Plaintext, Released } from '../plaintext.js';
import { type Use, usesOf } from '../processes.js';
import { wipeFile } from '../wipe.js';

/** So many files are wiped side by side, and so many changed before others get their turn. */
const SIDE_BY_SIDE = 4;
const AT_ONCE = 256;

/** Where a tree is, and what its place does about it. */
export interface TreePlace {
  /** The directory itself, as this process reaches it; by a descriptor, so that no name on the way can lead elsewhere. */
  readonly directory: string;
  /** Whether overwriting erases: not on a disk. */
  readonly inMemory: boolean;
  /** Whether what can be executed may have a mode that says so. */
  readonly exec?: boolean | undefined;
  /** Whether its user may make files in its directories. */
  readonly writable?: boolean | undefined;
  /** Takes the names away from everybody but us. */
  hide(): Promise<void>;
  /** File systems through which its inodes are seen under the same numbers. */
  devices?(): readonly bigint[];
  /** Gives the directory's descriptor back. */
  close(): Promise<void>;
}

/** What is to be in a tree: a file, a directory, or a link to the member of the path `target`. */
export type TreeMember =
  | { readonly kind: 'sealed' | 'public'; readonly path: string; readonly executable: boolean }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

interface Member {
  /** Below the directory. */
  path: string;
  readonly executable: boolean;
  /** Once it is whole. */
  inode: InodeId | undefined;
}

/**
 * A directory of real files under their own names. Until it is sealed off its directories have mode 0700 and its files 0600, then 0500 and 0400, and it has no descriptor
 * of any file: each is reached by its name below the directory's descriptor, and known by its inode.
 */
export class Tree implements Plaintext {
  readonly #place: TreePlace;
  readonly #directories: string[] = [];
  #members: Member[] = [];
  #hidden: Promise<void> | undefined;
  #released: Promise<Released> | undefined;

  constructor(place: TreePlace) {
    this.#place = place;
  }

  /** The directory, as this process reaches it. */
  get root(): string {
    return this.#place.directory;
  }

  /** What is in it, likewise. */
  at(path: string): string {
    return `${this.#place.directory}/${path}`;
  }

  /**
   * What somebody is about to write into the directory.
   *
   * @throws INVALID_ARGUMENT for what would lead out of it: who gives the names has checked them, and this is once more
   */
  expect(member: TreeMember): void {
    const { kind, path } = member;
    checkInside(path);
    if (kind === 'directory') this.#directories.push(path);
    else if (kind !== 'link') this.#members.push({ path, executable: member.executable, inode: undefined });
    else if (member.target.startsWith('/')) throw outside(path);
    else checkInside(member.target);
  }

  /** The path of a file that is in it. @throws INVALID_ARGUMENT */
  checked(path: string | undefined): string {
    if (path !== undefined && this.#members.some((one) => one.path === path)) return path;
    const what = path === undefined ? 'no name' : JSON.stringify(path);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${what} is no file of this bundle; name one of its files.`,
    );
  }

  hold(): void {
    // A descriptor of a directory has no bytes of a file.
  }

  async sealOff(owner?: Owner): Promise<void> {
    const { exec = false, writable = false } = this.#place;
    try {
      for (const [index, member] of this.#members.entries()) {
        const { dev, ino } = lstatSync(this.at(member.path), { bigint: true });
        member.inode = { dev, ino };
        this.#give(member.path, member.executable && exec ? 0o500 : 0o400, owner);
        if (index % AT_ONCE === AT_ONCE - 1) await turn();
      }
      // Who owns a directory that cannot be written to still reaches what is in it: the order does not matter.
      for (const path of [...this.#directories, '.']) this.#give(path, writable ? 0o700 : 0o500, owner);
    } catch (error) {
      throw placeError(error, 'close the directory in memory for writing');
    }
  }

  #give(path: string, mode: number, owner: Owner | undefined): void {
    const at = this.at(path);
    if (owner) lchownSync(at, owner.uid, owner.gid);
    chmodSync(at, mode);
  }

  release(wipe: boolean): Promise<Released> {
    this.#released ??= this.clear(wipe).finally(() => this.#place.close());
    return this.#released;
  }

  async clear(wipe: boolean): Promise<Released> {
    this.#hidden ??= this.#place.hide().catch(() => {});
    await this.#hidden;
    if (!wipe || !this.#place.inMemory) return 'freed';
    return this.#clear(this.#members);
  }

  /** One file alone: others keep their names. @throws INVALID_ARGUMENT where there is none of that name */
  async clearMember(path: string): Promise<Released> {
    const member = this.#members.find((one) => one.path === this.checked(path))!;
    const name = `.${randomBytes(8).toString('hex')}`;
    const directories = new Set([this.root, this.at(posix.dirname(path))]);
    for (const one of directories) chmodSync(one, 0o700);
    await rename(this.at(path), this.at(name)).catch(failed);
    member.path = name;
    const how = this.#place.inMemory ? await this.#clear([member]) : 'freed';
    // Who has it open has it; by that name nobody else finds it.
    if (how !== 'mapped' && how !== 'open') await unlink(this.at(name)).catch(failed);
    if (how === 'freed') this.#members = this.#members.filter((one) => one !== member);
    if (!this.#place.writable) for (const one of directories) chmodSync(one, 0o500);
    return how;
  }

  /** Wipes what no process uses, with one look at them for all. What is used stays to be tried again. */
  async #clear(members: readonly Member[]): Promise<Released> {
    const uses = await this.#usesOf(members);
    if (!uses) return 'freed';
    const wiped = new Set<Member>();
    const unused = members.filter((_, index) => uses[index] === 'none').values();
    let failure: unknown;
    const lane = async () => {
      for (const member of unused) {
        // One that is there no more, or is another's by now, was removed by the command.
        await wipeFile(this.at(member.path), member.inode!).then(
          () => wiped.add(member),
          (error: NodeJS.ErrnoException) => {
            if (error.code === 'ENOENT') wiped.add(member);
            else failure ??= error;
          },
        );
        if (wiped.size % AT_ONCE === 0) await turn();
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
    this.#members = this.#members.filter((member) => !wiped.has(member));
    if (uses.includes('mapped')) return 'mapped';
    if (uses.includes('open')) return 'open';
    return failure === undefined ? 'wiped' : 'freed';
  }

  async #usesOf(members: readonly Member[]): Promise<Use[] | undefined> {
    const devices = this.#place.devices?.() ?? [];
    const inodes = members.flatMap(({ inode }) => {
      if (!inode) throw new WeightsealError('INTERNAL', 'A tree is wiped before it is whole.');
      return [inode, ...devices.map((dev) => ({ dev, ino: inode.ino }))];
    });
    const uses = (await usesOf({ inodes }))?.uses;
    const each = devices.length + 1;
    return uses && members.map((_, index) => strongest(uses.slice(index * each, (index + 1) * each)));
  }
}

function strongest(uses: readonly Use[]): Use {
  return uses.find((use) => use === 'mapped') ?? uses.find((use) => use === 'open') ?? 'none';
}

function checkInside(path: string): void {
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '..')) throw outside(path);
}

function outside(path: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(path)} is no place within the directory of the model.`,
  );
}

function failed(error: unknown): never {
  throw placeError(error, 'make a file in memory');
}

import { readlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Inode } from '../inode.js';

/**
 * `own-tmpfs`: one that the loader mounted, that no other user can find, and that the kernel frees with the last process that uses it. `tmpfs`, `ramfs`: one that
 * was there. `disk`: the caller asked for it in so many words.
 */
export type PlaceKind = 'own-tmpfs' | 'tmpfs' | 'ramfs' | 'disk';

/** `never`: the file system is not swapped. `none`: no swap could take it when it was loaded. `possible`: its pages can reach a disk. */
export type Swap = 'never' | 'none' | 'possible';

/** Where the plaintext is, and what there is to know about it. */
export interface Placement {
  readonly kind: PlaceKind;
  /** Whether the plaintext's inode has no name, so that nothing is left whatever is killed. */
  readonly nameless: boolean;
  readonly swap: Swap;
  /** Sentences for whoever runs this: what is less than it could be, and how to mend it. */
  readonly warnings: readonly string[];
}

/** A place for one plaintext, with the inode for it. Disposing of it takes all names away, and not the inode. */
export interface Place extends AsyncDisposable {
  readonly kind: PlaceKind;
  readonly noswap: boolean;
  readonly nameless: boolean;
  readonly inode: Inode;
  /** Once it was disposed of: the paths of what could not be removed. */
  left(): readonly string[];
}

/** A place that is a directory. */
export interface Space extends Place {
  /** The directory, as this process reaches it. */
  readonly directory: string;
  /** The path of a name in the directory, for whoever is to open it. */
  pathOf(name: string): string;
}

/** Makes the inode in a directory that was found for it. The directory is given back when that fails. */
export async function furnish(directory: Omit<Space, 'inode'>): Promise<Space> {
  try {
    const make = directory.nameless ? Inode.nameless : Inode.hidden;
    return { ...directory, inode: await make(directory.directory, directory.kind !== 'disk') };
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
}

/** Gives up a place, whatever state it is in. What led to that is the error worth telling. */
export async function abandon(place: Place): Promise<void> {
  await place.inode.release(false).catch(() => {});
  await place[Symbol.asyncDispose]();
}

/**
 * A file by its descriptor: what that leads to cannot be changed by whoever can rename directories. /proc may be that of another PID namespace, in which our number is another, and
 * ours somebody else's.
 */
export function byDescriptor(handle: FileHandle): string {
  return `/proc/${readlinkSync('/proc/self')}/fd/${handle.fd}`;
}

import { readlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Inode } from '../inode.js';
import type { Plaintext } from '../plaintext.js';

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

/** A place for one plaintext, with that in it. Disposing of it takes all names away, and not the plaintext. */
export interface Place<P extends Plaintext = Plaintext> extends AsyncDisposable {
  readonly kind: PlaceKind;
  readonly noswap: boolean;
  readonly nameless: boolean;
  readonly plaintext: P;
  /** Once it was disposed of: the paths of what could not be removed. */
  left(): readonly string[];
}

/** A directory that is a place, before there is anything in it. */
export interface Ground extends Omit<Place, 'plaintext'> {
  /** The directory, as this process reaches it. */
  readonly directory: string;
  /** Whether nothing there can be executed, whatever its mode is. */
  readonly noexec?: boolean | undefined;
  /** The path of a name in the directory, for whoever is to open it. */
  pathOf(name: string): string;
}

/** A place that is a directory. */
export interface Space<P extends Plaintext = Plaintext> extends Place<P>, Ground {}

/** What is to be in a place. */
export type Make<P extends Plaintext> = (ground: Ground) => Promise<P>;

/** Makes what is to be in a directory that was found for it. The directory is given back when that fails. */
export async function furnish<P extends Plaintext>(ground: Ground, make: Make<P>): Promise<Space<P>> {
  try {
    return { ...ground, plaintext: await make(ground) };
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

/** One file: without a name, or with a hidden one until it is shown. */
export function fileIn({ nameless, directory, kind }: Ground): Promise<Inode> {
  return nameless ? Inode.nameless(directory, kind !== 'disk') : Inode.hidden(directory, kind !== 'disk');
}

/** Gives up a place, whatever state it is in. What led to that is the error worth telling. */
export async function abandon(place: Place): Promise<void> {
  await place.plaintext.release(false).catch(() => {});
  await place[Symbol.asyncDispose]();
}

/**
 * A file by its descriptor: what that leads to cannot be changed by whoever can rename directories. /proc may be that of another PID namespace, in which our number is another, and
 * ours somebody else's.
 */
export function byDescriptor(handle: FileHandle): string {
  return `/proc/${readlinkSync('/proc/self')}/fd/${handle.fd}`;
}

import type { FileHandle } from 'node:fs/promises';

/**
 * `wiped`: overwritten with zeros and freed. `mapped`, `open`: a process maps it, or has it open, so nothing was overwritten; the kernel frees it with the last that does.
 * `freed`: given back to the kernel as it was, since nobody could tell whether it is used, or since it lay on a disk. Of a directory it is the strongest of its files:
 * what nobody uses in it was overwritten all the same.
 */
export type Released = 'wiped' | 'mapped' | 'open' | 'freed';

/** What lies in a place: one inode, or a tree of them. */
export interface Plaintext {
  /**
   * Whole: from now on nobody has it open for writing, until it is wiped. Who owns it could change that; others cannot.
   *
   * @param owner whom it is given to
   * @throws IO_ERROR
   */
  sealOff(owner?: Owner): Promise<void>;
  /** A descriptor that is held to be given to others: that we have it is no use of the bytes. */
  hold(handle: FileHandle): void;
  /**
   * Takes the names away, and overwrites the bytes with zeros unless a process uses them or `wipe` is false. What is used can be tried again.
   *
   * @param given the number of a descriptor that processes have from us, and do not need any more
   */
  clear(wipe: boolean, given?: number): Promise<Released>;
  /** The same for the last time. Safe to call twice. */
  release(wipe: boolean): Promise<Released>;
}

/** Whom plaintext belongs to, where that is not the user who opens it. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

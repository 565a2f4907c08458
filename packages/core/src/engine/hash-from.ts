import type { Hash } from 'node:crypto';
import type { Scratch } from './scratch.js';
import { readFully } from './sync-io.js';

/** Fits a core's second-level cache, so that what was read is hashed there. */
const PIECE = 262_144;

/** Hashes a stretch of an open file: it blocks. @throws TaskError */
export function hashFrom(
  hash: Hash,
  fd: number,
  offset: number,
  length: number,
  scratch: Scratch,
  progress?: (bytes: number) => void,
): void {
  for (let done = 0; done < length; done += PIECE) {
    const piece = scratch.take(Math.min(PIECE, length - done));
    readFully(fd, piece, offset + done);
    hash.update(piece);
    progress?.(piece.length);
  }
}

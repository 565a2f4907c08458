import { readSync, writevSync } from '../io/sync-fs.js';
import { machineFailure, TaskError } from './task.js';

/** POSIX writev takes at most IOV_MAX, 1024, pieces. */
const MAX_PIECES = 1024;

/** Fills `target` from `offset` of an open file. Only threads of the pool call it: it blocks. */
export function readFully(fd: number, target: Uint8Array, offset: number): void {
  let done = 0;
  while (done < target.length) {
    const read = readSync(fd, target, done, target.length - done, offset + done);
    if (read === 0) throw new TaskError({ short: true, message: 'the input file ended early' });
    done += read;
  }
}

/** Writes the pieces one after another at `offset` of an open file. Only threads of the pool call it: it blocks. */
export function writeFully(fd: number, pieces: readonly Uint8Array[], offset: number): void {
  let rest = pieces.filter((piece) => piece.length > 0);
  let at = offset;
  while (rest.length > 0) {
    const written = writeSome(fd, rest.slice(0, MAX_PIECES), at);
    at += written;
    rest = dropBytes(rest, written);
  }
}

function writeSome(fd: number, pieces: readonly Uint8Array[], at: number): number {
  try {
    return writevSync(fd, pieces, at);
  } catch (error) {
    throw new TaskError({ ...machineFailure(error), writing: true });
  }
}

function dropBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let index = 0;
  while (index < pieces.length && left >= pieces[index]!.length) left -= pieces[index++]!.length;
  const rest = pieces.slice(index);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

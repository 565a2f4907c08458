import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import {
  checkedDeadline,
  checkPath,
  filePath,
  ioError,
  isWeightsealError,
  WeightsealError,
  within,
} from '@weightseal/core';
import { invalid, type Pem } from './options.js';

/** Which file is waited for: who runs out of time is told that one. */
export interface Reading {
  at: string;
}

export interface FileLimits {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
  /** Given what goes on when the deadline has ended the call already, as in a system call that hangs: it ends when that does. */
  readonly onWork?: ((work: Promise<unknown>) => void) | undefined;
}

const CHUNK = 65_536;

/**
 * Work that reads files of TLS. Any of them may lie on a mount that hangs, and only one of them is a key.
 *
 * @throws IO_ERROR when time has run out, ABORTED, INVALID_ARGUMENT, and what the work throws
 */
export async function readingFiles<T>(
  { signal, deadlineMs, onWork }: FileLimits,
  work: (stop: AbortSignal, reading: Reading) => Promise<T>,
  discard?: (late: T) => void,
): Promise<T> {
  const reading: Reading = { at: 'the files for TLS' };
  const limits = { signal, deadlineMs: checkedDeadline(deadlineMs), doing: 'read the files for TLS' };
  const run = (stop: AbortSignal): Promise<T> => {
    const running = work(stop, reading);
    onWork?.(running);
    return running;
  };
  try {
    return await within(limits, run, discard);
  } catch (error) {
    // The one name that core has for a deadline is of keys, and its sentence of who answers for them.
    if (isWeightsealError(error) && error.code === 'KEY_TIMEOUT')
      throw new WeightsealError(
        'IO_ERROR',
        `Could not read ${reading.at} within ${limits.deadlineMs} ms. Check that what it is mounted from answers, or raise deadlineMs.`,
        { cause: error },
      );
    throw error;
  }
}

export function isPath(given: unknown): given is string | URL {
  return typeof given === 'string' || given instanceof URL;
}

/** A copy in memory of its own, which the caller may wipe. */
export function bytesOf(given: Exclude<Pem, string | URL>, what: string): Buffer {
  const { pem } = (given ?? {}) as { readonly pem?: unknown };
  if (typeof pem === 'string') return Buffer.from(pem);
  if (!ArrayBuffer.isView(pem))
    throw invalid(`The ${what} for TLS is a path, a file: URL, or { pem }, a string or bytes.`);
  const copy = Buffer.alloc(pem.byteLength);
  copy.set(new Uint8Array(pem.buffer, pem.byteOffset, pem.byteLength));
  return copy;
}

/** The whole of a text, of a file or in memory. @throws INVALID_ARGUMENT, INPUT_NOT_FOUND, IO_ERROR */
export async function textOf(
  given: Pem,
  what: string,
  most: number,
  stop: AbortSignal,
  reading: Reading,
): Promise<string> {
  const tooLong = (whose: string) =>
    invalid(`The ${whose} is over ${most} bytes long, which is more than is read here.`);
  if (!isPath(given)) {
    const bytes = bytesOf(given, what);
    if (bytes.length > most) throw tooLong(`${what} for TLS`);
    return bytes.toString('latin1');
  }
  const path = checkPath(given, `The ${what}`);
  reading.at = `the ${what} ${path}`;
  try {
    const bytes = await readRegular(path, most, stop);
    if (bytes) return bytes.toString('latin1');
  } catch (error) {
    throw ioError(error, `read the ${what} ${path}`);
  }
  throw tooLong(`${what} ${path}`);
}

/** The bytes of a regular file; undefined where they are more than that many. @throws INVALID_ARGUMENT for what is no regular file, and what the system says */
export async function readRegular(
  path: string,
  most: number,
  stop?: AbortSignal,
): Promise<Buffer | undefined> {
  // Without O_NONBLOCK, opening a FIFO would hold a thread of Node's few until somebody writes.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await handle.stat()).isFile())
      throw invalid(`${path} is no regular file, and is read again and again; give a file.`);
    return await readAtMost(handle, most, stop);
  } finally {
    await handle.close();
  }
}

/** What a file says of its size, somebody who writes to it may change meanwhile. */
async function readAtMost(
  handle: FileHandle,
  most: number,
  stop: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= most; ) {
    stop?.throwIfAborted();
    const chunk = Buffer.alloc(Math.min(CHUNK, most + 1 - length));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return undefined;
}

/** What tells one state of files from another, without reading them. */
export async function stateOf(
  files: readonly (string | URL)[],
  stop: AbortSignal,
  reading: Reading,
): Promise<string> {
  const states: string[] = [];
  for (const file of files) {
    stop.throwIfAborted();
    reading.at = `the state of ${filePath(file)}`;
    const { dev, ino, size, mtimeNs, ctimeNs, mode } = await stat(filePath(file), { bigint: true });
    states.push([dev, ino, size, mtimeNs, ctimeNs, mode].join(' '));
  }
  return states.join('\n');
}

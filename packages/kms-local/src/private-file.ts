import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type ErrorCode, ioError, isWeightsealError, systemFailure, WeightsealError } from '@weightseal/core';
import { wipe } from './wipe.js';

/** Bounds what a wrong path can make us read into memory. */
export const MAX_PRIVATE_FILE_BYTES: number = 64 * 1024;

const GROUP_AND_OTHERS = 0o077;

export interface PrivateFile {
  /** The whole file, in memory of its own. The caller wipes it. */
  readonly bytes: Buffer;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Reads a file of at most 64 KiB that only its owner may touch. A symlink is followed (mounted secrets are
 * symlinks); what counts is the file that was opened. Windows has no mode bits, so there they are not looked at.
 *
 * @throws KEY_NOT_FOUND, KEY_DENIED, KEY_UNAVAILABLE, KEY_FILE_EXPOSED, KEY_FILE_INVALID
 */
export async function readPrivateFile(path: string, what: string, stop: AbortSignal): Promise<PrivateFile> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    stop.throwIfAborted();
    const stat = await handle.stat();
    const { mode, size, uid, gid } = stat;
    if (!stat.isFile()) throw invalid(path, what, 'it is not a regular file');
    if (process.platform !== 'win32' && (mode & GROUP_AND_OTHERS) !== 0) throw exposed(path, what, mode);
    if (size > MAX_PRIVATE_FILE_BYTES)
      throw invalid(path, what, `it is over ${MAX_PRIVATE_FILE_BYTES} bytes long`);
    const bytes = await readExactly(handle, size, stop);
    if (bytes === undefined) throw invalid(path, what, 'it changed while it was read; try again');
    return { bytes, uid, gid };
  } catch (error) {
    throw readError(error, path, what);
  } finally {
    await handle?.close();
  }
}

async function readExactly(handle: FileHandle, size: number, stop: AbortSignal): Promise<Buffer | undefined> {
  // One byte more than the file had, to notice that it grew.
  const buffer = Buffer.allocUnsafeSlow(size + 1);
  let kept = false;
  try {
    let length = 0;
    while (length < buffer.length) {
      stop.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    kept = length === size;
    return kept ? buffer.subarray(0, size) : undefined;
  } finally {
    if (!kept) wipe(buffer);
  }
}

function invalid(path: string, what: string, why: string): WeightsealError {
  return new WeightsealError('KEY_FILE_INVALID', `The ${what} ${path} cannot be used: ${why}.`);
}

function exposed(path: string, what: string, mode: number): WeightsealError {
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return new WeightsealError(
    'KEY_FILE_EXPOSED',
    `The ${what} ${path} has mode ${octal}, so others than its owner can reach it. Run \`chmod 600\` on it, ` +
      'and replace what it holds if somebody may have read it.',
  );
}

/** What of the machine's failures is one of the key. All others keep the code that they have everywhere. */
const keyCodes: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  ENOENT: ['KEY_NOT_FOUND', 'There is no such file; check the path.'],
  ENOTDIR: ['KEY_NOT_FOUND', 'There is no such file; check the path.'],
  ENAMETOOLONG: ['KEY_NOT_FOUND', 'There can be no file with so long a name; check the path.'],
  EACCES: ['KEY_DENIED', 'This user may not read it; check owner and mode of the file and its directories.'],
  EPERM: ['KEY_DENIED', 'This user may not read it; check owner and mode of the file and its directories.'],
  ERR_ACCESS_DENIED: ['KEY_DENIED'],
  ELOOP: ['KEY_FILE_INVALID', 'Its symlinks lead round in a circle.'],
  ENXIO: ['KEY_FILE_INVALID', 'It is not a regular file.'],
  ENODEV: ['KEY_FILE_INVALID', 'It is not a regular file.'],
  EISDIR: ['KEY_FILE_INVALID'],
};

/** Gives an error of the system a code and a sentence that says what to do. Errors of ours pass unchanged. */
export function readError(error: unknown, path: string, what: string): WeightsealError {
  if (isWeightsealError(error)) return error;
  const failure = ioError(error, `read the ${what} ${path}`);
  const errno = systemFailure(error)?.errno ?? '';
  const [code, hint] = Object.hasOwn(keyCodes, errno) ? keyCodes[errno]! : [failure.code];
  const message = hint === undefined ? failure.message : `Could not read the ${what} ${path}. ${hint}`;
  return new WeightsealError(code, message, { cause: error });
}

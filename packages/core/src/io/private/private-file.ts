import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemFailure } from '../../common/system-errors.js';
import { type ErrorCode, ioError, isWeightsealError, WeightsealError } from '../../errors.js';
import {
  adviceFor,
  closedByDirectory,
  closedByMode,
  GROUP_AND_OTHERS,
  isOfAnother,
  isSecretPlace,
  KUBERNETES,
  type Self,
  self,
  swappable,
} from './exposure.js';
import { type Step, stepsTo } from './path-walk.js';

/**
 * Bounds what a wrong path can make us read into memory.
 *
 * @hidden
 */
export const MAX_PRIVATE_FILE_BYTES: number = 64 * 1024;

/** @hidden */
export interface PrivateFile {
  /** The whole file, in memory of its own. The caller wipes it. */
  readonly bytes: Buffer;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** @hidden */
export interface PrivateOptions {
  /** Whether a file of another user than this one and root is read, too: that user can change it at any time. */
  readonly ofOthers?: boolean | undefined;
  /** How a caller says that it is; for the message. */
  readonly allowing?: string | undefined;
  /** What can be given where the file is a pipe; for the message. */
  readonly insteadOfPipe?: string | undefined;
}

/**
 * Reads a file of at most 64 KiB that nobody else can read or change: by its owner and mode, or by those of a directory above it. Symlinks are
 * followed (mounted secrets are symlinks); what counts is the file that was opened. Windows has no mode bits, so there they are not looked at.
 *
 * @throws KEY_NOT_FOUND, KEY_DENIED, KEY_UNAVAILABLE, KEY_FILE_EXPOSED, KEY_FILE_INVALID
 * @hidden
 */
export async function readPrivateFile(
  path: string,
  what: string,
  stop: AbortSignal,
  options: PrivateOptions = {},
): Promise<PrivateFile> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    stop.throwIfAborted();
    const stat = await handle.stat();
    const { mode, size, uid, gid } = stat;
    if (stat.isFIFO()) throw invalid(path, what, [PIPE, options.insteadOfPipe].filter(Boolean).join(', or '));
    if (!stat.isFile()) throw invalid(path, what, 'it is not a regular file');
    if (process.platform !== 'win32') await checkClosed(path, what, stat, options);
    if (size > MAX_PRIVATE_FILE_BYTES)
      throw invalid(path, what, `it is over ${MAX_PRIVATE_FILE_BYTES} bytes long`);
    const bytes = await readExactly(handle, size, stop);
    if (bytes === undefined) throw invalid(path, what, 'it changed while it was read; try again');
    return { bytes, uid, gid, mode };
  } catch (error) {
    const failure = privateFileError(error, path, what);
    throw failure.code === 'KEY_DENIED' && (await isDelivered(path)) ? inKubernetes(failure) : failure;
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
    if (!kept) buffer.fill(0);
  }
}

function invalid(path: string, what: string, why: string): WeightsealError {
  return new WeightsealError('KEY_FILE_INVALID', `The ${what} ${path} cannot be used: ${why}.`);
}

const PIPE = 'it is a pipe, which gives what it holds once, and this is read at each call; give a file';

/** @throws KEY_FILE_EXPOSED when somebody else can read the file, or change what is read */
async function checkClosed(
  path: string,
  what: string,
  opened: Stats,
  options: PrivateOptions,
): Promise<void> {
  const me = self();
  if (isOfAnother(opened, me) && !options.ofOthers) throw ofAnother(path, what, opened.uid, options.allowing);
  if ((opened.mode & GROUP_AND_OTHERS) === 0) return;
  const steps = await stepsTo(path).catch((): Step[] => []);
  const last = steps.at(-1);
  // What the way leads to now must be what was opened: else what was judged is another file.
  const same = last?.ino === opened.ino && last.dev === opened.dev;
  if (!same || !closed(path, opened, steps, me)) throw exposed(path, what, opened.mode, steps);
  const unsafe = options.ofOthers ? undefined : swappable(steps, me);
  if (unsafe) throw replaceable(path, what, unsafe.path);
}

function closed(path: string, opened: Stats, steps: readonly Step[], me: Self): boolean {
  if (closedByMode(opened, me) || closedByDirectory(steps, opened, me)) return true;
  const readOnly = (opened.mode & 0o022) === 0;
  return readOnly && isSecretPlace(steps.at(-1)?.path ?? path);
}

function exposed(path: string, what: string, mode: number, steps: readonly Step[]): WeightsealError {
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return new WeightsealError(
    'KEY_FILE_EXPOSED',
    `The ${what} ${path} has mode ${octal}, so others than its owner can reach it. ${adviceFor(path, steps)}`,
  );
}

function ofAnother(path: string, what: string, uid: number, allowing: string | undefined): WeightsealError {
  return new WeightsealError(
    'KEY_FILE_EXPOSED',
    `The ${what} ${path} belongs to another user (uid ${uid}), who can read it and put something else into it. Make it yours or root's (\`chown\`)${allowing ? `, or allow it: ${allowing}` : ''}.`,
  );
}

function replaceable(path: string, what: string, where: string): WeightsealError {
  return new WeightsealError(
    'KEY_FILE_EXPOSED',
    `The ${what} ${path} can be replaced by others: ${where} on the way to it is not only yours or root's to change. Keep it in a directory that is, or run \`chmod 600\` on the file.`,
  );
}

/** Whether it is a file of a volume that Kubernetes fills. */
async function isDelivered(path: string): Promise<boolean> {
  return lstat(join(dirname(path), '..data')).then(
    () => true,
    () => false,
  );
}

function inKubernetes({ code, message, cause }: WeightsealError): WeightsealError {
  return new WeightsealError(code, `${message} ${KUBERNETES}`, { cause });
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
  EIO: ['KEY_UNAVAILABLE'],
  ESTALE: ['KEY_UNAVAILABLE'],
};

/**
 * Gives an error of the system a code and a sentence that says what to do. Errors of ours pass unchanged.
 *
 * @hidden
 */
export function privateFileError(error: unknown, path: string, what: string): WeightsealError {
  if (isWeightsealError(error)) return error;
  const failure = ioError(error, `read the ${what} ${path}`);
  const errno = systemFailure(error)?.errno ?? '';
  const [code, hint] = Object.hasOwn(keyCodes, errno) ? keyCodes[errno]! : [failure.code];
  const message = hint === undefined ? failure.message : `Could not read the ${what} ${path}. ${hint}`;
  return new WeightsealError(code, message, { cause: error });
}

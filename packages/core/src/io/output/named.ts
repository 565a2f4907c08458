import { constants, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { randomBytes } from '../../common/crypto.js';
import { ioError, WeightsealError } from '../../errors.js';
import { durableFlags } from './durable.js';
import { creationError, type OutputTarget } from './output-target.js';

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
/** What systems say to a call that the file system does not have. */
const NO_SUCH_CALL = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];
/** What else they say to one about a file that was just made. */
const UNABLE = [...NO_SUCH_CALL, 'EPERM', 'ESPIPE', 'EXDEV', 'ENOENT'];

/** A name that nobody has, for a file that is not whole yet. */
export function temporaryName(): string {
  return `.${randomBytes(8).toString('hex')}.weightseal-tmp`;
}

export interface Named {
  readonly handle: FileHandle;
  readonly name: string;
}

/**
 * Makes the file under a temporary name, where it cannot be without one. Tries what will be needed in the end: the mounts of object stores take a file only from front to
 * back, and rename none. @throws IO_ERROR, NO_SPACE
 */
export async function createNamed(target: OutputTarget, mode: number): Promise<Named> {
  const { directory, path } = target;
  const [first, name] = [temporaryName(), temporaryName()];
  const handle = await open(directory.at(first), NEW | durableFlags(), mode).catch((error: unknown) => {
    throw told(error, NO_SUCH_CALL, path);
  });
  try {
    await handle.write(new Uint8Array(1), 0, 1, 1);
    await handle.truncate(0);
    await rename(directory.at(first), directory.at(name));
    return { handle, name };
  } catch (error) {
    await handle.close().catch(() => {});
    for (const left of [first, name]) await rm(directory.at(left), { force: true }).catch(() => {});
    throw told(error, UNABLE, path);
  }
}

function told(error: unknown, unable: readonly string[], path: string): WeightsealError {
  const { code = '' } = error as NodeJS.ErrnoException;
  return unable.includes(code) ? frontToBackOnly(error, path) : creationError(error, path);
}

/** What the system says of a write, or of the name in the end, with the sentence for it. */
export function writeError(error: unknown, path: string): WeightsealError {
  const { code = '' } = error as NodeJS.ErrnoException;
  // It is the directory that is there no more.
  if (code === 'ENOENT') return creationError(error, path);
  return NO_SUCH_CALL.includes(code) ? frontToBackOnly(error, path) : ioError(error, `write ${path}`);
}

function frontToBackOnly(cause: unknown, path: string): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    `Could not write ${path}: its file system takes a file only from front to back, or renames none, as the mounts of object stores do. ` +
      'Write to a local disk and copy the file there, or pour it in through a stream (-o - > file, and in the library openToStream or sealToStream).',
    { cause },
  );
}

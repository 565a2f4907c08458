import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import {
  Directory,
  durableFlags,
  type ErrorCode,
  ioError,
  isWeightsealError,
  makeDurable,
  systemFailure,
  WeightsealError,
} from '@weightseal/core';

export const NEW: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
export const OWNER_ONLY = 0o600;

/**
 * Writes a file that was not there, mode 0600. It is on disk, and its name is, when this returns; where that fails it is removed. There is no way to
 * overwrite.
 *
 * @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR
 */
export async function writeNewFile(path: string, what: string, bytes: Uint8Array): Promise<void> {
  let handle: FileHandle | undefined;
  let place: Awaited<ReturnType<typeof Directory.above>> | undefined;
  let written = false;
  try {
    place = await Directory.above(path);
    handle = await open(place.directory.at(place.name), NEW | durableFlags(), OWNER_ONLY);
    await handle.writeFile(bytes);
    await makeDurable(handle);
    await place.directory.sync();
    written = true;
  } catch (error) {
    throw writeError(error, `create the ${what} ${path}`);
  } finally {
    await handle?.close();
    if (handle && place && !written) await unlink(place.directory.at(place.name)).catch(() => {});
    await place?.directory[Symbol.asyncDispose]();
  }
}

/** What of the machine's failures has another sentence for a key file that is written. */
const writeHints: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EEXIST: ['OUTPUT_EXISTS', 'It exists already, and a key file is never overwritten; choose another name.'],
  ENOENT: ['IO_ERROR', 'Its directory does not exist; make it first.'],
  EACCES: ['IO_ERROR', 'Permission was denied; check owner and mode of its directory.'],
};

export function writeError(error: unknown, doing: string): WeightsealError {
  if (isWeightsealError(error)) return error;
  const errno = systemFailure(error)?.errno ?? '';
  if (!Object.hasOwn(writeHints, errno)) return ioError(error, doing);
  const [code, hint] = writeHints[errno]!;
  return new WeightsealError(code, `Could not ${doing}. ${hint}`, { cause: error });
}

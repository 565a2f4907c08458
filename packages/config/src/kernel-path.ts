import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ioError, WeightsealError } from '@weightseal/core';

/** A directory that this process has open. */
const DESCRIPTOR = /^\/proc\/self\/fd\/[0-9]+$/;

/**
 * The directory that a path leads to, without links, `.` and `..`: as the kernel follows it. `path.resolve` takes `link/..` for the
 * directory that has the link; so does the realpath of Node that is not `native`.
 *
 * @throws the system's error, or INVALID_ARGUMENT for a name that is not UTF-8: two of them would become the same text
 */
export function realDirectory(path: string): string {
  const bytes = where(path);
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${text} has a name that is not UTF-8; rename it, or work in another directory.`,
  );
}

/** Of a descriptor the kernel says it itself. To follow its answer as a path would be a second walk, which could end elsewhere. */
function where(path: string): Buffer {
  const own =
    DESCRIPTOR.test(path) && process.platform === 'linux' ? readlinkSync(path, 'buffer') : undefined;
  // Else it lies outside of our root.
  return own?.toString('latin1').startsWith('/') ? own : realpathSync.native(path, 'buffer');
}

/** A path from a directory, untouched but for that. */
export function from(directory: string, path: string): string {
  if (isAbsolute(path)) return path;
  return directory.endsWith('/') ? `${directory}${path}` : `${directory}/${path}`;
}

/** The same file by the real path of its directory. Its own name stays, also where it is a link. @throws the system's error */
export function realFile(path: string): string {
  // A slash at the end says that it is a directory, and the kernel must see it.
  const name = `${basename(path)}${path.endsWith('/') ? '/' : ''}`;
  return from(realDirectory(dirname(path)), name);
}

/**
 * Where a file lies or would lie: what is not there yet lies where its nearest directory does; but where `..` leads from nothing, only the
 * kernel could say.
 *
 * @throws INPUT_NOT_FOUND, IO_ERROR
 */
export function placeOf(path: string): string {
  const name = basename(path);
  try {
    return join(realDirectory(dirname(path)), name);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
    if (!missing || name === '..' || basename(dirname(path)) === '..')
      throw ioError(error, `find the directory of ${path}`);
    return join(placeOf(dirname(path)), name);
  }
}

/** @throws INPUT_NOT_FOUND when it has been removed under us */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw ioError(error, 'find the working directory');
  }
}

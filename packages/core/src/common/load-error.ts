import { ioError, isWeightsealError, type WeightsealError } from '../errors.js';
import { systemFailure } from './system-errors.js';

/** What a file that is not there, or is something else, says of a package: it is not whole. */
const INCOMPLETE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOEXEC'];

/**
 * Where it is the machine that keeps a package from loading (open files, memory, a permission of Node's): the error that says so. Undefined where it is the
 * package.
 * @hidden
 */
export function loadError(cause: unknown, name: string): WeightsealError | undefined {
  if (isWeightsealError(cause)) return cause;
  const failure = systemFailure(cause);
  if (!failure || failure.code === 'INVALID_ARGUMENT' || INCOMPLETE.includes(failure.errno)) return undefined;
  return ioError(cause, `load the package ${name}`);
}

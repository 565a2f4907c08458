import { isWeightsealError, WeightsealError } from '../errors.js';

/** What is said of a file's bytes, by those who do not know where they are from. */
const OF_THE_BYTES: readonly string[] = ['format', 'integrity', 'context'];

/** The error, with the file that it is about, where that has a path. */
export function inFile<T>(error: T, path: string | undefined): T | WeightsealError {
  if (path === undefined || !isWeightsealError(error) || !OF_THE_BYTES.includes(error.class)) return error;
  if (error.message.startsWith(`${path}: `)) return error;
  const { code, message, failures } = error;
  return new WeightsealError(code, `${path}: ${message}`, { cause: error, failures });
}

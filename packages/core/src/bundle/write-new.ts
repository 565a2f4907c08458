import { constants, open } from 'node:fs/promises';
import { ioError } from '../errors.js';
import { closing } from '../io/closing.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** Makes a file that is not there yet, and durable. */
export async function writeNew<T>(
  path: string,
  fill: (write: (bytes: Uint8Array, offset: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags();
  const file = await open(path, flags, 0o666).catch((error: unknown) => {
    throw ioError(error, 'write the bundle');
  });
  await using _file = closing(file);
  const result = await fill((bytes, offset) => writeAt(file, bytes, offset, path));
  await makeDurable(file).catch((error: unknown) => {
    throw ioError(error, 'write the bundle');
  });
  return result;
}

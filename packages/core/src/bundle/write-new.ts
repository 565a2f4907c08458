import { constants, open } from 'node:fs/promises';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** Makes a file that is not there yet, and durable. */
export async function writeNew<T>(
  path: string,
  fill: (write: (bytes: Uint8Array, offset: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags(), 0o666);
  const result = await fill((bytes, offset) => writeAt(file, bytes, offset, path));
  await makeDurable(file);
  return result;
}

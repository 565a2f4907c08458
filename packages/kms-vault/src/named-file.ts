import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { closing, wipe } from '@weightseal/core';

/** A bundle of all the authorities that there are has a quarter of it. */
const MAX_BYTES = 1024 * 1024;

/** What stands there is no file that can be read here; the message says why, as the rest of a sentence. */
export class UnfitFile extends Error {}

/**
 * A whole file, in memory that the caller wipes where it is secret. What is no regular file is not waited for: a read that blocks would keep the process from ending.
 *
 * @throws UnfitFile, and what the system says
 */
export async function readNamedFile(path: string): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  await using _handle = closing(handle);
  if (!(await handle.stat()).isFile()) throw new UnfitFile('it is not a regular file');
  let bytes: Buffer = Buffer.alloc(4096);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
    if (length < bytes.length) continue;
    if (length >= MAX_BYTES) {
      wipe(bytes);
      throw new UnfitFile(`it is ${MAX_BYTES} bytes long, or longer`);
    }
    const larger = Buffer.alloc(bytes.length * 2);
    bytes.copy(larger);
    wipe(bytes);
    bytes = larger;
  }
}

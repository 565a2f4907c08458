import { lstat } from 'node:fs/promises';
import { type FileSource, inputChanged } from '../io/byte-source.js';
import { readHeadOf } from './head.js';

/**
 * Keys take a while to answer, and data a while to be encrypted. Before a file is changed or replaced: is it still what stands under its name, and
 * does its envelope still say the same? Another's rewrap, reseal or move must not be undone.
 *
 * @throws INPUT_CHANGED, IO_ERROR
 */
export async function checkStillOurs(file: FileSource, document: Uint8Array): Promise<void> {
  const named = await lstat(file.path, { bigint: true }).catch(() => undefined);
  const own = await file.stat();
  const { copy } = await readHeadOf(file, undefined);
  const same =
    named?.ino === own.ino && named.dev === own.dev && Buffer.compare(copy.document, document) === 0;
  if (!same) throw inputChanged(file.path);
}

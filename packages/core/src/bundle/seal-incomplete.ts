import { constants, open } from 'node:fs/promises';
import type { Identity } from '../engine/files-task.js';
import { shown } from '../format/path.js';
import { openBelow } from '../io/below/open.js';
import { FileSource } from '../io/byte-source.js';
import { closing } from '../io/closing.js';
import type { Directory } from '../io/output/directory.js';
import { entryAt, isFile } from './entry.js';
import { findIncomplete } from './incomplete/find.js';
import type { Incomplete } from './incomplete/types.js';
import { sealError } from './member-error.js';
import { checkIdentity } from './seal-members.js';
import type { SealPlan } from './seal-plan.js';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What of the files that will be sealed names others that will not. @throws INPUT_CHANGED, IO_ERROR */
export async function incompleteOf({ entries, sources }: SealPlan, root: Directory): Promise<Incomplete[]> {
  const files = entries.map((entry) => (isFile(entry) ? entry : { path: entry.path, target: entry.target }));
  return await findIncomplete(files, async (path) => {
    const { record } = entryAt(entries, path)!;
    try {
      return await bytesOf(path, sources.inputOf(record), sources.identityOf(record), root);
    } catch (error) {
      throw sealError(error, path);
    }
  });
}

async function bytesOf(
  path: string,
  input: string | undefined,
  identity: Identity,
  root: Directory,
): Promise<Uint8Array> {
  const handle = await (input === undefined
    ? openBelow({ from: root.path }, path, FLAGS)
    : open(input, FLAGS));
  await using _handle = closing(handle);
  const source = await FileSource.of(shown(path), handle);
  // Before anything is said of what it holds.
  await checkIdentity(source, { identity });
  return await source.read(0, source.size);
}

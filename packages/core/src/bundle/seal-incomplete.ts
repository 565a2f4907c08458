import { constants } from 'node:fs/promises';
import { FileSource } from '../io/byte-source.js';
import type { Directory } from '../io/output/directory.js';
import { entryAt, isFile } from './entry.js';
import { findIncomplete } from './incomplete/find.js';
import type { Incomplete } from './incomplete/types.js';
import type { SealPlan } from './seal-plan.js';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What of the files that will be sealed names others that will not. @throws IO_ERROR */
export async function incompleteOf({ entries, sources }: SealPlan, root: Directory): Promise<Incomplete[]> {
  const files = entries.map((entry) => (isFile(entry) ? entry : { path: entry.path, target: entry.target }));
  return await findIncomplete(files, async (path) => {
    const { record, size } = entryAt(entries, path)!;
    const input = sources.inputOf(record) ?? path;
    await using source = await FileSource.open(input.startsWith('/') ? input : root.at(input), FLAGS);
    // One that has grown is found out when it is sealed.
    return await source.read(0, Math.min(source.size, size));
  });
}

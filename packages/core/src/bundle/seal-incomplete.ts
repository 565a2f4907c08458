import { constants } from 'node:fs/promises';
import { FileSource } from '../io/byte-source.js';
import type { Directory } from '../io/output/directory.js';
import { isFile } from './entry.js';
import { findIncomplete } from './incomplete/find.js';
import type { Incomplete } from './incomplete/types.js';
import type { SealPlan } from './seal-plan.js';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What of the files that will be sealed names others that will not. @throws IO_ERROR */
export async function incompleteOf({ entries, sources }: SealPlan, root: Directory): Promise<Incomplete[]> {
  const inputs = new Map<string, { readonly input: string; readonly size: number }>();
  const files = entries.map((entry) => {
    if (!isFile(entry)) return { path: entry.path };
    inputs.set(entry.path, { input: sources[entry.record]!.input ?? entry.path, size: entry.size });
    return { path: entry.path, size: entry.size };
  });
  return await findIncomplete(files, async (path) => {
    const { input, size } = inputs.get(path)!;
    await using source = await FileSource.open(input.startsWith('/') ? input : root.at(input), FLAGS);
    // One that has grown is found out when it is sealed.
    return await source.read(0, Math.min(source.size, size));
  });
}

import { constants, type FileHandle, open, readlink } from 'node:fs/promises';
import { blobOf, byDescriptors, ofDescriptor, REACH, type Stored, saysLink } from './rules.js';

/**
 * Opens a file below a directory. No link is followed, neither in the place of the file nor in that of a directory on the way, whoever puts one there and when; but for those of a
 * snapshot into its blobs.
 *
 * @throws what open(2) says, as Node puts it
 * @hidden
 */
export async function openBelow({ from, blobs }: Stored, path: string, flags: number): Promise<FileHandle> {
  const nofollow = flags | (constants.O_NOFOLLOW ?? 0);
  const names = byDescriptors(from) ? path.split('/') : [path];
  const last = names.pop()!;
  let at = from;
  let above: FileHandle | undefined;
  try {
    for (const name of names) {
      const next = await open(`${at}/${name}`, REACH);
      await above?.close();
      above = next;
      at = ofDescriptor(next.fd);
    }
    return await open(`${at}/${last}`, nofollow).catch(async (error: unknown) => {
      const link = blobs !== undefined && saysLink(error) ? await readlink(`${at}/${last}`) : '';
      const blob = blobOf(link, path);
      if (blob === undefined) throw error;
      return await open(`${blobs}/${blob}`, nofollow);
    });
  } finally {
    await above?.close();
  }
}

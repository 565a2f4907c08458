import { link, open, rename, rm } from 'node:fs/promises';

/** What systems say where the file system has no hard links: exFAT, FAT, some of FUSE and of network file systems. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Gives a file another name that nothing has. @throws EEXIST when something has it */
export async function renameToFree(from: string, to: string): Promise<void> {
  try {
    // Nothing but link(2) does both at once, as rename(2) replaces what is there.
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await reserveAndRename(from, to);
    return;
  }
  try {
    await rm(from);
  } catch (error) {
    // What is given up must not stand under the name either.
    await rm(to, { force: true }).catch(() => {});
    throw error;
  }
}

/**
 * An empty file takes the name, which fails when something has it, and is replaced at once. What a kill or a power cut between the two leaves is an
 * empty file, which is no sealed file and no plaintext; whoever replaces the empty file in that moment is replaced too.
 */
async function reserveAndRename(from: string, to: string): Promise<void> {
  const reserved = await open(to, 'wx', 0o600);
  await reserved.close();
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true }).catch(() => {});
    throw error;
  }
}

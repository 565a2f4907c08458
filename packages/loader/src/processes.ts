import type { BigIntStats } from 'node:fs';
import { open, readdir } from 'node:fs/promises';

/** An inode, as /proc/PID/maps writes it: `fd:00 131`. */
export function inodeInMaps({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  // makedev(3) of glibc, which is what stat(2) gives.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = (value: bigint) => value.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)} ${ino}`;
}

const CHUNK = 65_536;

/**
 * The processes in whose /proc/PID/`file` one of the fields stands, between blanks; undefined where /proc cannot be read at all. Processes of other users are not
 * seen, but those cannot open a file of mode 0600 either; nor are those of other PID namespaces.
 */
export async function processesWith(
  file: 'maps' | 'mountinfo',
  fields: readonly string[],
): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (!names?.includes('self')) return undefined;
  if (fields.length === 0) return [];
  const found: number[] = [];
  for (const name of names) {
    if (/^[0-9]+$/.test(name) && (await holds(`/proc/${name}/${file}`, fields))) found.push(Number(name));
  }
  return found;
}

async function holds(path: string, fields: readonly string[]): Promise<boolean> {
  // Ended meanwhile, or another user's.
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return false;
  try {
    // In pieces, since a large process has megabytes of it.
    let rest = '';
    for (const chunk = Buffer.allocUnsafe(CHUNK); ; ) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) return false;
      const text = rest + chunk.toString('latin1', 0, bytesRead);
      if (fields.some((field) => text.includes(` ${field} `) || text.includes(` ${field}\n`))) return true;
      rest = text.slice(text.lastIndexOf('\n') + 1);
    }
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

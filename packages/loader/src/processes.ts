import type { BigIntStats } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { unescaped } from './machine/mount-info.js';

/** An inode, as /proc/PID/maps writes it: `fd:00 131`. */
export function inodeInMaps({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  // makedev(3) of glibc, which is what stat(2) gives.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = (value: bigint) => value.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)} ${ino}`;
}

const CHUNK = 65_536;

type Listing = 'maps' | 'mountinfo';

/** The field of a line by its position: what else stands in the line others can choose. */
const FIELD: Readonly<Record<Listing, (line: string) => string>> = {
  // address perms offset dev inode pathname
  maps: (line) => line.split(' ', 5).slice(3).join(' '),
  // id parent major:minor root mount-point options …
  mountinfo: (line) => unescaped(line.split(' ', 5)[4] ?? ''),
};

/**
 * The processes that map one of the inodes, or have something mounted at one of the paths. One that may not be looked into counts as one that does, when it is ours or comes from
 * us: it may have been given the descriptor. Processes of others cannot open a file of mode 0600; those of other PID namespaces are not seen. Undefined where /proc
 * cannot be read at all.
 */
export async function processesWith(file: Listing, values: readonly string[]): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (!names?.includes('self')) return undefined;
  if (values.length === 0) return [];
  // Paths are bytes; lines are compared as such, each a character.
  const wanted = values.map((value) => Buffer.from(value).toString('latin1'));
  const found: number[] = [];
  for (const pid of names.filter((name) => /^[0-9]+$/.test(name)).map(Number)) {
    const does = await has(pid, file, wanted);
    if (does === true || (does === 'hidden' && (await mayBeOurs(pid)))) found.push(pid);
  }
  return found;
}

async function has(pid: number, file: Listing, values: readonly string[]): Promise<boolean | 'hidden'> {
  try {
    await using handle = await open(`/proc/${pid}/${file}`, 'r');
    // In pieces, since a large process has megabytes of it.
    let rest = '';
    for (const chunk = Buffer.allocUnsafe(CHUNK); ; ) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) return false;
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      if (lines.some((line) => values.includes(FIELD[file](line)))) return true;
    }
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'hidden' : false;
  }
}

/** Whether the process runs as our user, or descends from us, whoever it is by now. */
async function mayBeOurs(pid: number): Promise<boolean> {
  for (let at = pid; at > 1; ) {
    if (at === process.pid) return true;
    const status = await readFile(`/proc/${at}/status`, 'latin1').catch(() => '');
    const uids = /^Uid:\s*(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
    if (at === pid && uids.includes(String(process.geteuid?.()))) return true;
    at = Number(/^PPid:\s*([0-9]+)$/m.exec(status)?.[1] ?? 0);
  }
  return false;
}

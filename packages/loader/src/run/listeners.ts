import { readdir, readFile, readlink } from 'node:fs/promises';
import { endianness } from 'node:os';
import { hasOwnNumbers } from '../machine/own-numbers.js';

const LISTENS = '0A';
const ANY_V4 = `${'0'.repeat(20)}ffff${'0'.repeat(8)}`;
const ANY = '0'.repeat(32);

/** An address as 32 hexadecimal digits, that of IPv4 within IPv6. */
export function inHex(address: string): string {
  if (/^[0-9.]+$/.test(address)) {
    const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
    return `${'0'.repeat(20)}ffff${bytes.join('')}`;
  }
  // As a URL has it, every form is one: without dots, and with at most one gap.
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text ? text.split(':').map((group) => group.padStart(4, '0')) : []);
  const [before, after] = [groups(head), groups(tail ?? '')];
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0000'), ...after].join('');
}

/** The inodes of the sockets in /proc/net/tcp or tcp6 that may be the one that answers at an address. */
export function listenersIn(table: string, address: string, port: number): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const [digits = '', listening] = local.split(':');
    if (state !== LISTENS || inode === undefined || Number.parseInt(listening ?? '', 16) !== port) return [];
    const at = inNetworkOrder(digits);
    const any = at === ANY || (at === ANY_V4 && address.startsWith(ANY_V4.slice(0, 24)));
    return any || at === address ? [inode] : [];
  });
}

/** The kernel writes words of 32 bits, as the machine has them. */
function inNetworkOrder(digits: string): string {
  const words = digits.match(/.{8}/g) ?? [];
  const turned = words.map((word) => (endianness() === 'LE' ? word.match(/../g)!.reverse().join('') : word));
  const hex = turned.join('').toLowerCase();
  return words.length === 1 ? `${'0'.repeat(20)}ffff${hex}` : hex;
}

/** The sockets that listen at an address of this machine; undefined where that cannot be seen. */
export async function listenersAt(address: string, port: number): Promise<string[] | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'latin1').catch(() => undefined)),
  );
  if (tables.every((table) => table === undefined)) return undefined;
  return tables.flatMap((table) => listenersIn(table ?? '', inHex(address), port));
}

/** A command, and by what its descendants are known once their parent has ended. */
export interface Family {
  readonly pid: number;
  /** The path of the model, which is in the environment of all of them. */
  readonly path: string;
}

/** Whether each of the sockets is held by the command or by what has come from it. */
export async function allHeldBy(family: Family, inodes: readonly string[]): Promise<boolean> {
  if (inodes.length === 0 || !hasOwnNumbers()) return false;
  const missing = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const pid of await membersOf(family)) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      missing.delete(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
      if (missing.size === 0) return true;
    }
  }
  return false;
}

async function membersOf(family: Family): Promise<number[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(numbers.map(async (pid) => [pid, await parentOf(pid)] as const)));
  const mounts = await mountsOf(family.pid);
  const members: number[] = [];
  for (const pid of numbers) {
    if (pid === process.pid) continue;
    if (descends(pid, family.pid, parents) || (await hasComeFrom(pid, family, mounts))) members.push(pid);
  }
  return members;
}

function descends(pid: number, from: number, parents: ReadonlyMap<number, number>): boolean {
  // A table that was read while processes came and went may have a circle.
  for (let at = pid, steps = 0; at > 1 && steps < parents.size; at = parents.get(at) ?? 0, steps++)
    if (at === from) return true;
  return false;
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** The command's mount namespace, where that is not ours too. */
async function mountsOf(pid: number): Promise<string | undefined> {
  const [theirs, ours] = await Promise.all(
    [String(pid), 'self'].map((who) => readlink(`/proc/${who}/ns/mnt`).catch(() => undefined)),
  );
  return theirs === ours ? undefined : theirs;
}

/** A daemon's parent is another: it is known by the namespace that nobody else is in, or, as a process of our own user, by its environment. */
async function hasComeFrom(pid: number, { path }: Family, mounts: string | undefined): Promise<boolean> {
  if (mounts !== undefined && (await readlink(`/proc/${pid}/ns/mnt`).catch(() => '')) === mounts) return true;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!environment.split('\0').includes(`WEIGHTSEAL_MODEL_PATH=${path}`)) return false;
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const uids = /^Uid:\s*(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
  return uids.length > 0 && uids.every((uid) => uid === String(process.geteuid?.()));
}

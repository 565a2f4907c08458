import { constants, type FileHandle, lstat, open, rename, rm, statfs } from 'node:fs/promises';
import { closing } from '../closing.js';
import { isHeld, lockByProgram } from '../lock/flock.js';
import type { Directory } from '../output/directory.js';
import { durableFlags, makeDurable } from '../output/durable.js';
import { lifeOf, type Owner, type OwnerLife, thisBoot, thisProcess } from '../owner.js';

// Whose a staging directory is, in a file that is in it: docs/decisions/0008-bundles-are-directories.md.

export const MARK = '.weightseal';
/** The mark before it is whole. */
export const NEW_MARK = '.weightseal-new';
const MAX_BYTES = 512;
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const [LOCKED, FREE] = ['locked', 'free  '];
const PATTERN = /^weightseal 1 (\S+) (\S+) ([0-9a-f]{32}) ([0-9]+) ([0-9]+) ([0-9]+) (locked|free {2})\n$/;

/** The PID namespace of the machine itself, whose number is part of Linux (PROC_PID_INIT_INO). Who comes after a process of it is nearly always of it too, and sees without a lock that it is gone. */
const FIRST_NAMESPACE = '4026531836';
/** What file systems of one machine say that they are (statfs(2)): ext, XFS, Btrfs, ZFS, F2FS, bcachefs, overlay, tmpfs, ramfs. */
const OF_ONE_MACHINE: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x794c7630, 0x01021994, 0x858458f6,
]);

/** What a mark says: the name under which the directory was made, the one that it was made for, and who works in it. */
export interface Mark {
  readonly names: readonly [made: string, meant: string];
  readonly boot: string;
  readonly owner: Owner;
  /** Whether the owner has a lock on the mark for as long as it lives. */
  readonly locked: boolean;
}

/** Nobody works there, and whoever comes may go on. */
const NOBODY: Owner = { namespace: '0', pid: 0, started: '0' };

/**
 * Marks a directory as this process's, or, `released`, as nobody's. In a container the mark is locked, where it can be: the next one, with other PIDs, cannot see our process, and sees the
 * lock. Nobody waits for it: until it is there, others cannot tell, and let the directory be.
 *
 * @param old what a dead one has left, which it takes the place of: of several who find that, at most one succeeds
 * @returns what gives up the lock
 */
export async function putMark(
  directory: Directory,
  names: Mark['names'],
  released = false,
  old?: Mark,
): Promise<() => Promise<void>> {
  const [boot, owner] = await Promise.all([thisBoot(), released ? NOBODY : thisProcess()]);
  const { namespace, pid, started } = owner;
  const words = ['weightseal 1', ...names, boot, namespace, pid, started, ''].join(' ');
  await rm(directory.at(NEW_MARK), { force: true });
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags();
  const handle = await open(directory.at(NEW_MARK), flags, 0o600);
  try {
    await handle.writeFile(`${words}${FREE}\n`);
    // Whoever was faster has his there by now, or removes ours, and then what is moved is none of ours.
    if (old && !isSame(await readMark(directory), old)) throw new Error('Another has it.');
    // At once: a directory without a mark is nobody's.
    await rename(directory.at(NEW_MARK), directory.at(MARK));
    if (old && !(await isNamed(handle, directory.at(MARK)))) throw new Error('Another has it.');
  } catch (error) {
    await handle.close();
    throw error;
  }
  const isSeen = released || namespace === '0' || namespace === FIRST_NAMESPACE;
  const locking = lock(handle, Buffer.byteLength(words), isSeen);
  return async () => {
    await locking;
    await handle.close().catch(() => {});
  };
}

/** Makes a mark nobody's where a full disk has no room for another: what it says of its owner becomes zeros, in its place. */
export async function disown(directory: Directory): Promise<void> {
  await rm(directory.at(NEW_MARK), { force: true });
  const file = await open(directory.at(MARK), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  await using _file = closing(file);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
  const owner = /(?: [0-9]+){3}(?= \S+ *\n$)/;
  const text = buffer.toString('utf8', 0, bytesRead);
  await file.write(
    text.replace(owner, (numbers) => numbers.replaceAll(/[0-9]/g, '0')),
    0,
  );
}

function isSame(mark: Mark | undefined, other: Mark): boolean {
  return JSON.stringify(mark) === JSON.stringify(other);
}

async function isNamed(handle: FileHandle, path: string): Promise<boolean> {
  const [own, named] = await Promise.all([handle.stat({ bigint: true }), lstat(path, { bigint: true })]);
  return own.ino === named.ino;
}

/** What fails here is less than there could be. */
async function lock(handle: FileHandle, at: number, isSeen: boolean): Promise<void> {
  try {
    if (!isSeen && (await lockByProgram(handle, undefined, () => {}))) await handle.write(LOCKED, at);
    await makeDurable(handle);
  } catch {
    // The mark is there, and says what it said.
  }
}

/** What its mark says; undefined where there is none. */
export async function readMark(directory: Directory): Promise<Mark | undefined> {
  try {
    const file = await open(directory.at(MARK), O_NOFOLLOW | O_NONBLOCK);
    await using _file = closing(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const [, made = '', meant = '', boot = '', namespace = '', pid, started = '', locked] =
      PATTERN.exec(buffer.toString('utf8', 0, bytesRead)) ?? [];
    if (pid === undefined) return undefined;
    const owner = { namespace, pid: Number(pid), started };
    return { names: [made, meant], boot, owner, locked: locked === LOCKED };
  } catch {
    return undefined;
  }
}

/** Whether whoever works in the directory still does. */
export async function lifeOfMark({ boot, owner, locked }: Mark, directory: Directory): Promise<OwnerLife> {
  if (owner.pid === 0) return 'dead';
  // A machine that has been started since, or another one.
  if (boot !== (await thisBoot())) return (await isOfOneMachine(directory.path)) ? 'dead' : 'elsewhere';
  const life = await lifeOf(owner);
  if (life !== 'elsewhere' || !locked) return life;
  try {
    const file = await open(directory.at(MARK), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    await using _file = closing(file);
    const held = await isHeld(file);
    return held === undefined ? 'elsewhere' : held ? 'lives' : 'dead';
  } catch {
    return 'elsewhere';
  }
}

/** Whether no other machine has it, too. */
export async function isOfOneMachine(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const found = await statfs(path).catch(() => undefined);
  return found !== undefined && OF_ONE_MACHINE.has(found.type);
}

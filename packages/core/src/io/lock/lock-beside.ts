import { lutimes, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unref } from '../../common/timers.js';
import { throwIfAborted } from '../../errors.js';
import { contentOf, contentOfOurs, create } from './lock-file.js';
import { Watch } from './lock-watch.js';
import { orAborted } from './turns.js';

/** What a file is, whatever its names are. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface BesideOptions {
  /** How long a lock may go without being renewed. */
  readonly patienceMs?: number;
  /** Told when somebody else has it. */
  readonly contended?: () => void;
}

interface Owned extends Inode {
  readonly uid: bigint;
}

const LOOK_MS = 50;
/** Whoever has the lock says so again and again; what nobody has renewed for so long is of a process that is no more. */
const RENEW_MS = 10_000;
const PATIENCE_MS = 60_000;

/**
 * The lock where flock(2) cannot be had (macOS, Windows, an image without the program, some network file systems): a file beside the one that is to be
 * changed, which only one can create. It says whose it is, and whoever finds that process dead takes it over; of another machine it is known by nobody renewing it. Where no file can be made
 * there, or something stands that is no lock and will not go, there is no lock; then what is looked at before each change has to do. Waits for others.
 *
 * @returns what removes it
 * @throws ABORTED
 */
export async function lockBeside(
  target: string,
  inode: Inode,
  signal: AbortSignal | undefined,
  { patienceMs = PATIENCE_MS, contended }: BesideOptions = {},
): Promise<() => Promise<void>> {
  const path = besides(target, inode);
  const mine = contentOfOurs();
  const watch = new Watch(path, patienceMs, turnOf(path));
  for (;;) {
    throwIfAborted(signal);
    const made = await create(path, mine);
    if (made === 'impossible') return () => Promise.resolve();
    if (made === 'done') {
      if (!(await isFlocked(inode))) return renewed(path, mine);
      // Of the two ways, this one gives way: both look after the other when they have their own.
      await removeOwn(path, mine);
      contended?.();
      await pause(signal);
      continue;
    }
    const found = await watch.look();
    if (found === 'nobody') return () => Promise.resolve();
    if (found !== 'held') continue;
    contended?.();
    await pause(signal);
  }
}

/**
 * For those who have the system's lock: waits for one who could not have it. Anybody who may write to the directory can put a file there, and need not
 * have any business with ours: only that of its owner, of root or of this user counts.
 *
 * @throws ABORTED
 */
export async function awaitBeside(
  target: string,
  inode: Owned,
  signal: AbortSignal | undefined,
  contended: () => void,
): Promise<void> {
  const known = [0, Number(inode.uid), process.geteuid?.()];
  const path = besides(target, inode);
  const watch = new Watch(path, PATIENCE_MS, turnOf(path), ({ uid }) => known.includes(uid));
  for (;;) {
    throwIfAborted(signal);
    const found = await watch.look();
    if (found === 'none' || found === 'nobody') return;
    if (found !== 'held') continue;
    contended();
    await pause(signal);
  }
}

/** By the inode, since names can be as long as they may be. */
function besides(target: string, { ino }: Inode): string {
  // Not joined, which would take `..` back: where that leads behind a link only the kernel knows.
  return `${dirname(target)}/.${ino.toString(16)}.weightseal-lock`;
}

/** The lock of who removes a dead one. FORMAT.md §24.4: passed over by who reads a bundle, also where a kill has left it. */
function turnOf(path: string): string {
  return path.replace(/lock$/, 'tmp');
}

/** Whether somebody has the system's lock, as far as Linux tells: major:minor:inode, of what is locked and not of who waits. */
async function isFlocked({ dev, ino }: Inode): Promise<boolean> {
  const hex = (value: bigint) => value.toString(16).padStart(2, '0');
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  const ours = ` ${hex(major)}:${hex(minor)}:${ino} `;
  return locks.split('\n').some((line) => /^[0-9]+: FLOCK .* WRITE /.test(line) && line.includes(ours));
}

/** Says again and again that the lock is held. Returns what removes it. */
function renewed(path: string, content: string): () => Promise<void> {
  const timer = setInterval(() => {
    const now = new Date();
    void lutimes(path, now, now).catch(() => {});
  }, RENEW_MS);
  unref(timer);
  return async () => {
    clearInterval(timer);
    await removeOwn(path, content);
  };
}

async function removeOwn(path: string, content: string): Promise<void> {
  if ((await contentOf(path)) === content) await rm(path, { force: true });
}

function pause(signal: AbortSignal | undefined): Promise<void> {
  return orAborted(new Promise((resolve) => setTimeout(resolve, LOOK_MS)), signal);
}

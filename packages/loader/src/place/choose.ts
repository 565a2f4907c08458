import { setTimeout as sleep } from 'node:timers/promises';
import { filePath, isWeightsealError, WeightsealError } from '@weightseal/core';
import { swap as swapAdvice } from '../advice.js';
import type { Inode } from '../inode.js';
import { checkMemory, scarcity } from '../machine/check-memory.js';
import { type MemoryFacts, memoryFacts } from '../machine/memory.js';
import type { Need } from '../need.js';
import type { Owner } from '../plaintext.js';
import { type ExistingOptions, useExisting } from './existing.js';
import { mountOwn } from './own-tmpfs.js';
import { isShortage } from './place-error.js';
import { abandon, fileIn, type Place, type Placement, type Space, type Swap } from './space.js';

/** Where plaintext may go. */
export interface PlaceOptions {
  /**
   * `auto`: a tmpfs of the loader's own, where the machine allows that, and else one that is there. `own` and `existing`: only that. The default
   * is `auto`, and `existing` where `directory` is given.
   */
  readonly where?: 'auto' | 'own' | 'existing' | undefined;
  /** A directory on a tmpfs or ramfs, instead of the usual ones (/dev/shm, XDG_RUNTIME_DIR, /run/weightseal, /run, TMPDIR, /tmp). */
  readonly directory?: string | URL | undefined;
  /** Whether a disk will do where there is no memory file system: then whoever has the disk has the weights. The default is false. */
  readonly allowDisk?: boolean | undefined;
  /** Whether memory that can be swapped out is refused (SWAP_POSSIBLE) and not only warned of. The default is false. */
  readonly requireNoSwap?: boolean | undefined;
  /**
   * Bytes of memory that are to be left besides the plaintext, for the engine: MEMORY_LIMIT where they are not. Unless told, what opening takes (64 MiB), and a warning
   * where what would be left is little for an engine.
   */
  readonly memoryAllowance?: number | undefined;
  /** Whether the plaintext's inode has no name, so that nothing can be left of it. A directory needs names, and has them. */
  readonly nameless?: boolean | undefined;
  /** Whom the plaintext is given to, for a process that runs as another user than this one: takes root. The group is the number of the user, unless told. */
  readonly owner?: { readonly uid: number; readonly gid?: number | undefined } | undefined;
  /** Whether what is in a directory can be executed, for backends that are libraries (`.so`). The default is false. */
  readonly allowExec?: boolean | undefined;
}

export interface Chosen<P extends Place> {
  readonly place: P;
  readonly placement: Placement;
}

/** The two kinds of places, for so much plaintext. */
export interface Makers<P extends Place> {
  readonly own: () => Promise<P | undefined>;
  readonly existing: (options: ExistingOptions) => Promise<P>;
}

/** How long the kernel's statistics may lag behind what it does. */
const LAG_MS = 100;
const WHERE: readonly unknown[] = [undefined, 'auto', 'own', 'existing'];

/** Makes the best place that this machine and the options allow. @throws as `choosePlace` */
export async function choose<P extends Place>(
  { bytes, files }: Need,
  options: PlaceOptions,
  nameless: boolean,
  makers: Makers<P>,
): Promise<Chosen<P>> {
  const { where = 'auto', allowDisk } = options;
  checkPlace(options);
  const directory = options.directory && filePath(options.directory);
  const { facts, shortage } = await memoryFor(bytes, options.memoryAllowance);
  if (shortage && !allowDisk) throw shortage;
  const tryOwn = where !== 'existing' && directory === undefined && !shortage;
  let lack: WeightsealError | undefined;
  // A place that is there may do with fewer descriptors and processes.
  const own = tryOwn
    ? await makers.own().catch((error: WeightsealError) => {
        if (!isShortage(error)) throw error;
        lack = error;
      })
    : undefined;
  if (!own && where === 'own') throw shortage ?? lack ?? cannotMount();
  const existing = { bytes, files, directory, allowDisk, nameless, memory: !shortage };
  const place =
    own ??
    (await makers.existing(existing).catch((error: unknown) => {
      throw shortage ?? error;
    }));
  try {
    const warnings = tryOwn && !own ? [notOwn(lack)] : [];
    const scarce = place.kind !== 'disk' && options.memoryAllowance === undefined && scarcity(bytes, facts);
    if (scarce) warnings.push(scarce);
    return { place, placement: placementOf(place, facts, options, warnings) };
  } catch (error) {
    await abandon(place);
    throw error;
  }
}

/** For one file. @throws MEMORY_LIMIT, NO_SPACE, MEMORY_FS_REQUIRED, SWAP_POSSIBLE, IO_ERROR, all before a byte of plaintext is written */
export function choosePlace(bytes: number, options: PlaceOptions): Promise<Chosen<Space<Inode>>> {
  const { nameless = false } = options;
  return choose({ bytes }, options, nameless, {
    own: () => mountOwn(bytes, nameless),
    existing: (existing) => useExisting(existing, fileIn),
  });
}

/** @throws INVALID_ARGUMENT for options that are not, or that contradict each other */
export function checkPlace({ where, directory, memoryAllowance = 0, owner }: PlaceOptions): void {
  if (owner !== undefined) checkOwner(ownerOf(owner));
  if (!Number.isSafeInteger(memoryAllowance) || memoryAllowance < 0)
    throw new WeightsealError('INVALID_ARGUMENT', '`memoryAllowance` is a number of bytes from 0 on.');
  if (!WHERE.includes(where))
    throw new WeightsealError('INVALID_ARGUMENT', "`where` is 'auto', 'own' or 'existing'.");
  if (where !== 'own' || directory === undefined) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'A directory is a place that is there, and no tmpfs of its own: name one of the two.',
  );
}

/** In full. */
export function ownerOf({ uid, gid = uid }: NonNullable<PlaceOptions['owner']>): Owner {
  return { uid, gid };
}

/** @throws INVALID_ARGUMENT for what is no user, and for one that nothing can be given to */
function checkOwner({ uid, gid }: Owner): void {
  const bad = (what: string) => new WeightsealError('INVALID_ARGUMENT', what);
  // The last one of 32 bits means that nothing is to change.
  if (![uid, gid].every((one) => Number.isInteger(one) && one >= 0 && one < 0xffff_ffff))
    throw bad('The owner of the plaintext is { uid, gid }, two numbers from 0 on.');
  if (process.geteuid?.() !== 0 && (uid !== process.geteuid?.() || gid !== process.getegid?.()))
    throw bad(
      'Only root can give the plaintext to another user: leave the owner out, or start this as root.',
    );
}

function notOwn(lack: WeightsealError | undefined): string {
  const why = lack ? lack.message : 'that takes CAP_SYS_ADMIN or user namespaces';
  return `no tmpfs of its own could be mounted (${why}), so one that is there is used.`;
}

interface Found {
  readonly facts: MemoryFacts;
  readonly shortage?: WeightsealError;
}

async function memoryFor(bytes: number, allowance: number | undefined): Promise<Found> {
  const first = await shortageOf(bytes, allowance);
  if (!first.shortage) return first;
  await sleep(LAG_MS);
  return shortageOf(bytes, allowance);
}

async function shortageOf(bytes: number, allowance: number | undefined): Promise<Found> {
  const facts = await memoryFacts();
  try {
    checkMemory(bytes, facts, allowance);
    return { facts };
  } catch (error) {
    if (isWeightsealError(error)) return { facts, shortage: error };
    throw error;
  }
}

function cannotMount(): WeightsealError {
  return new WeightsealError(
    'MEMORY_FS_REQUIRED',
    'A tmpfs of its own was asked for and cannot be mounted here: that takes util-linux (unshare, mount, nsenter) and CAP_SYS_ADMIN, or user namespaces. Allow one of them, or do not insist (--where own).',
  );
}

/** What to say of a place. @throws SWAP_POSSIBLE where that is refused */
function placementOf(
  { kind, noswap, nameless }: Place,
  facts: MemoryFacts,
  { requireNoSwap = false }: PlaceOptions,
  warnings: readonly string[],
): Placement {
  const swap: Swap = kind === 'disk' ? 'possible' : noswap ? 'never' : facts.swap;
  if (swap === 'possible' && requireNoSwap) {
    throw new WeightsealError(
      'SWAP_POSSIBLE',
      `The memory that the plaintext would lie in can be swapped out to a disk. ${swapAdvice}`,
    );
  }
  const all = [...warnings];
  if (kind === 'disk')
    all.push('the plaintext is on a disk, as was asked for; deleting it does not erase it there.');
  else if (swap === 'possible') all.push(`the plaintext can be swapped out to a disk. ${swapAdvice}`);
  return { kind, nameless, swap, warnings: all };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { WeightsealError } from '@weightseal/core';
import { swap as swapAdvice } from '../advice.js';
import { checkMemory } from '../machine/check-memory.js';
import { type MemoryFacts, memoryFacts } from '../machine/memory.js';
import { useExisting } from './existing.js';
import { mountOwn } from './own-tmpfs.js';
import { abandon, type Placement, type Space, type Swap } from './space.js';

/** Where plaintext may go. */
export interface PlaceOptions {
  /**
   * `auto`: a tmpfs of the loader's own, where the machine allows that, and else one that is there. `own` and `existing`: only that. The default
   * is `auto`, and `existing` where `directory` is given.
   */
  readonly where?: 'auto' | 'own' | 'existing' | undefined;
  /** A directory on a tmpfs or ramfs, instead of the usual ones (/dev/shm, XDG_RUNTIME_DIR, /run, /tmp). */
  readonly directory?: string | undefined;
  /** Whether a disk will do where there is no memory file system: then whoever has the disk has the weights. The default is false. */
  readonly allowDisk?: boolean | undefined;
  /** Whether memory that can be swapped out is refused (SWAP_POSSIBLE) and not only warned of. The default is false. */
  readonly requireNoSwap?: boolean | undefined;
  /** Whether the plaintext's inode has no name, so that nothing can be left of it. */
  readonly nameless?: boolean | undefined;
}

const LAG_MS = 100;

export interface Chosen {
  readonly space: Space;
  readonly placement: Placement;
}

/** @throws MEMORY_LIMIT, NO_SPACE, MEMORY_FS_REQUIRED, SWAP_POSSIBLE, IO_ERROR, all before a byte of plaintext is written */
export async function choosePlace(bytes: number, options: PlaceOptions): Promise<Chosen> {
  const { where, directory, allowDisk, nameless = false } = options;
  checkPlace(options);
  const facts = await checkedMemory(bytes);
  const own = mayMountOwn(options) ? await mountOwn(bytes, nameless) : undefined;
  if (!own && where === 'own') throw cannotMount();
  const space = own ?? (await useExisting({ bytes, directory, allowDisk, nameless }));
  try {
    const warnings = own || directory !== undefined || where === 'existing' ? [] : [NOT_OWN];
    return { space, placement: placementOf(space, facts, nameless, options, warnings) };
  } catch (error) {
    await abandon(space);
    throw error;
  }
}

/** @throws INVALID_ARGUMENT for options that contradict each other */
export function checkPlace({ where, directory }: PlaceOptions): void {
  if (where !== 'own' || directory === undefined) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'A directory is a place that is there, and no tmpfs of its own: name one of the two.',
  );
}

export function mayMountOwn({ where, directory }: PlaceOptions): boolean {
  return (where ?? 'auto') !== 'existing' && directory === undefined;
}

export const NOT_OWN =
  'no tmpfs of its own could be mounted (that takes CAP_SYS_ADMIN or user namespaces), so one that is there is used.';

export async function checkedMemory(bytes: number): Promise<MemoryFacts> {
  const facts = await memoryFacts();
  try {
    checkMemory(bytes, facts);
    return facts;
  } catch {
    // The kernel's statistics lag behind what it does.
    await sleep(LAG_MS);
    const again = await memoryFacts();
    checkMemory(bytes, again);
    return again;
  }
}

export function cannotMount(): WeightsealError {
  return new WeightsealError(
    'MEMORY_FS_REQUIRED',
    'A tmpfs of its own was asked for and cannot be mounted here: that takes util-linux (unshare, mount) and CAP_SYS_ADMIN, or user namespaces. Allow one of them, or use a tmpfs that is there.',
  );
}

/** What to say of a place. @throws SWAP_POSSIBLE where that is refused */
export function placementOf(
  { kind, noswap }: Pick<Space, 'kind' | 'noswap'>,
  facts: MemoryFacts,
  nameless: boolean,
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

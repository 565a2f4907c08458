import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { copyOf } from './lent.js';

/** How many slots of one file a key is asked about, its own first: what a hostile file can make somebody's key service do. */
export const MOST_CALLS = 4;
/** The memory, in bytes, that the slots of one file can make one key fill in this process: some four seconds of a core. */
export const MOST_EFFORT: number = 2 ** 30;

/** Which slots of a file a key is tried with, in this order, and how many of the same provider it is not. */
export interface ChosenSlots {
  readonly tried: readonly KeySlot[];
  /** Of another key of the same provider, by what they say. */
  readonly foreign: number;
  /** Beyond what one file may cost. */
  readonly beyond: number;
}

/**
 * Compares the slots with the key before it is asked anything. The one that carries the key's own URI is the first; an alias, a key that was moved
 * or one that other words name too has it among the others.
 */
export function chooseSlots(key: KeyWrapper, slots: readonly KeySlot[]): ChosenSlots {
  const same = slots.filter((slot) => slot.provider === key.provider);
  const own = same.filter((slot) => slot.keyUri === key.uri);
  const fitting = same.filter((slot) => slot.keyUri !== key.uri && fits(key, slot));
  const candidates =
    typeof key.effort === 'function'
      ? withinEffort(key, own, fitting)
      : [...own, ...fitting].slice(0, MOST_CALLS);
  return {
    tried: candidates,
    foreign: same.length - own.length - fitting.length,
    beyond: own.length + fitting.length - candidates.length,
  };
}

/** The cheap ones first: a slot that asks for everything must not keep the others from being tried. */
function withinEffort(key: KeyWrapper, own: readonly KeySlot[], others: readonly KeySlot[]): KeySlot[] {
  const cost = (slot: KeySlot) => ({ slot, effort: effortOf(key, slot) });
  const cheapFirst = others.map(cost).toSorted((a, b) => a.effort - b.effort);
  let left = MOST_EFFORT;
  return [...own.map(cost), ...cheapFirst]
    .filter(({ effort }) => {
      if (effort > left) return false;
      left -= effort;
      return true;
    })
    .map(({ slot }) => slot);
}

/** A key that cannot say makes no slot its own. */
function fits(key: KeyWrapper, slot: KeySlot): boolean {
  if (typeof key.fits !== 'function') return true;
  try {
    return key.fits(copyOf(slot)) === true;
  } catch {
    return false;
  }
}

/** Of a key that does not say it in a number, it may be anything. */
function effortOf(key: KeyWrapper, slot: KeySlot): number {
  try {
    const effort: unknown = key.effort?.(copyOf(slot));
    return typeof effort === 'number' && effort >= 0 ? effort : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

import { unref } from '../common/timers.js';
import type { DataKey } from './secret.js';

export interface MemoryLimits {
  /** How many data keys are kept; one more puts out the oldest. */
  readonly maxKeys: number;
  /** How long each is kept; undefined: until the memory is disposed of. */
  readonly maxAgeMs: number | undefined;
}

interface Kept {
  readonly key: DataKey;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Data keys by name, few and for a time. Whatever leaves it is zeroed. */
export class KeyMemory implements Disposable {
  readonly #limits: MemoryLimits;
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** The key, which stays the memory's: copy it. */
  get(id: string): DataKey | undefined {
    return this.#kept.get(id)?.key;
  }

  /** Takes the key over. */
  keep(id: string, key: DataKey): void {
    const { maxKeys, maxAgeMs } = this.#limits;
    this.#drop(id);
    // By a timer, and not by a look at the clock when somebody asks: a key that is too old is to be gone, also when nobody asks.
    const timer = maxAgeMs === undefined ? undefined : unref(setTimeout(() => this.#drop(id), maxAgeMs));
    this.#kept.set(id, { key, timer });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKeys) return;
      this.#drop(oldest);
    }
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    clearTimeout(kept?.timer);
    kept?.key[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#kept.keys()]) this.#drop(id);
  }
}

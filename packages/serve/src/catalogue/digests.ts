import { digestOf, untilAborted, WeightsealError } from '@weightseal/core';
import { busy } from '../http/status.js';
import type { Root } from '../root/root.js';
import { WeightedCache } from './weighted-cache.js';

const MOST = 65_536;
/** So many files are hashed at once: one thread reads as fast as most disks give. */
const AT_ONCE = 2;

/** SHA-256 of files as they lie, each hashed once for as long as it is the same, and for all who ask. */
export class Digests {
  readonly #root: Root;
  readonly #waitMs: number;
  readonly #known = new WeightedCache<string>(MOST);
  readonly #underWay = new Map<string, Promise<string>>();
  readonly #waiting: (() => void)[] = [];
  readonly #ending = new AbortController();
  readonly #onHashed: (bytes: number) => void;
  #running = 0;

  /** @param waitMs how long whoever asks waits for a long file, which goes on being hashed */
  constructor(root: Root, waitMs: number, onHashed: (bytes: number) => void) {
    this.#root = root;
    this.#waitMs = waitMs;
    this.#onHashed = onHashed;
  }

  /** @returns 64 hexadecimal digits @throws STORE_UNAVAILABLE where it takes longer, INPUT_CHANGED, and what the root throws */
  async of(path: string, identity: string, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const working = this.#underWay.get(identity) ?? this.#begin(path, identity);
    const late = AbortSignal.timeout(this.#waitMs);
    try {
      return await untilAborted(AbortSignal.any([signal, late]), () => working);
    } catch (error) {
      if (late.aborted && !signal.aborted)
        throw busy('The digest of this file, which is its ETag, is being made, and takes longer');
      throw error;
    }
  }

  #begin(path: string, identity: string): Promise<string> {
    const working = this.#hash(path, identity).finally(() => this.#underWay.delete(identity));
    // Nobody may be waiting any more.
    working.catch(() => {});
    this.#underWay.set(identity, working);
    return working;
  }

  async #hash(path: string, identity: string): Promise<string> {
    await this.#turn();
    try {
      // A file of its own: whoever asked may leave meanwhile.
      await using found = await this.#root.open(path, this.#ending.signal);
      if (found?.identity !== identity) throw changed();
      const digest = await digestOf(found.source, this.#ending.signal);
      if (!(await found.unchanged())) throw changed();
      this.#onHashed(found.size);
      this.#known.set(identity, digest);
      return digest;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }

  /** Ends what is being hashed. */
  end(): void {
    this.#ending.abort();
  }
}

/** To be told to a client. */
export function changed(): WeightsealError {
  return new WeightsealError('INPUT_CHANGED', 'The file has changed meanwhile. Ask again.');
}

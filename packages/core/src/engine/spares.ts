import type { FloeMessage } from '../format/floe.js';
import { type Digest, inlineDigest } from './digest.js';
import { digestFor, type Plan, slotsFor } from './pass.js';
import type { Slots } from './slots.js';

/**
 * What passes of one operation use one after another: a thread for a digest takes 30 ms to start, and each page of memory that nobody has had yet costs a fault. What a pass
 * that failed has had is not used again.
 */
export class Spares implements AsyncDisposable {
  readonly #digests: Digest[] = [];
  readonly #slots = new Map<string, Slots[]>();

  digest(plan: Plan): Digest {
    if (plan.inline) return inlineDigest();
    const digest = this.#digests.pop() ?? digestFor(plan);
    let finished = false;
    return {
      update: (slot, length) => digest.update(slot, length),
      updateFrom: (fd, offset, length) => digest.updateFrom(fd, offset, length),
      finish: async () => {
        const sum = await digest.finish();
        finished = true;
        return sum;
      },
      end: async () => {
        if (finished) this.#digests.push(digest);
        else await digest.end();
      },
    };
  }

  /** Slots for one pass, which `give` brings back. */
  slots(plan: Plan, message: FloeMessage): Slots {
    const fresh = slotsFor(plan, message);
    return this.#slots.get(fresh.shape)?.pop() ?? fresh;
  }

  /** At the end of the pass, when none of them is in use. */
  give(slots: Slots): void {
    const alike = this.#slots.get(slots.shape);
    if (alike) alike.push(slots);
    else this.#slots.set(slots.shape, [slots]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#slots.clear();
    await Promise.all(this.#digests.splice(0).map((digest) => digest.end()));
  }
}

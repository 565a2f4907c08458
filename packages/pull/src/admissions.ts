import { MANIFEST_NAME, untilAborted, WeightsealError } from '@weightseal/core';
import type { Mirror } from './mirror.js';
import { keyAt } from './pins.js';
import type { JudgedRelease } from './released.js';

const DEADLINE_MS = 120_000;

/** Sees whether mirrors have the same release, before anything of them is believed: of each once, however many wait for it. */
export class Admissions {
  readonly #release: JudgedRelease;
  readonly #underWay = new Map<Mirror, Promise<void>>();
  readonly #ending = new AbortController();

  constructor(release: JudgedRelease) {
    this.#release = release;
  }

  /** @throws MANIFEST_MISMATCH, ABORTED, and what the store throws */
  async admit(mirror: Mirror, signal: AbortSignal): Promise<void> {
    if (mirror.admitted) return;
    let going = this.#underWay.get(mirror);
    if (!going) {
      going = this.#compared(mirror).finally(() => this.#underWay.delete(mirror));
      this.#underWay.set(mirror, going);
    }
    // Whoever began it may not be there any more when it fails.
    going.catch(() => {});
    await untilAborted(signal, () => going);
  }

  end(): void {
    this.#ending.abort();
  }

  async #compared(mirror: Mirror): Promise<void> {
    const { kind, documents, digest } = this.#release;
    const { place, uri } = mirror;
    const manifest = documents.get(MANIFEST_NAME)!;
    const { object, body } = await place.store.read(
      keyAt(place, kind, kind === 'bundle' ? MANIFEST_NAME : `.${MANIFEST_NAME}`),
      { offset: 0, length: manifest.length + 1 },
      {
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(DEADLINE_MS)]),
        later: (ms) => mirror.asksFor(ms),
      },
    );
    let at = 0;
    let same = object.size === manifest.length;
    for await (const piece of body) {
      same &&= Buffer.compare(piece, manifest.subarray(at, at + piece.length)) === 0;
      at += piece.length;
      if (!same) break;
    }
    if (!same || at !== manifest.length)
      throw new WeightsealError(
        'MANIFEST_MISMATCH',
        `${uri} has another release than ${digest}, which is pulled. Have it brought up to date, or leave it out.`,
      );
    mirror.admitted = true;
  }
}

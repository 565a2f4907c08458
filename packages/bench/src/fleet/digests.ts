/** What a machine has received under one digest, and not verified yet. */
interface Batch {
  readonly pieces: number[];
  readonly sources: Set<number>;
  wrong: boolean;
}

export type Verdict =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'verified'; readonly pieces: readonly number[] }
  /** `culprit` is known only if all came from one source. */
  | { readonly kind: 'refused'; readonly pieces: readonly number[]; readonly culprit: number | undefined };

/** A digest says whether all that it covers is right, and not which part is wrong. */
export class Digests {
  readonly #perDigest: number;
  readonly #pieces: number;
  readonly #batches = new Map<number, Batch>();

  constructor(pieces: number, perDigest: number) {
    this.#pieces = pieces;
    this.#perDigest = perDigest;
  }

  receive(machine: number, piece: number, source: number, wrong: boolean): Verdict {
    const digest = Math.floor(piece / this.#perDigest);
    const key = machine * this.#pieces + digest;
    const batch: Batch = this.#batches.get(key) ?? { pieces: [], sources: new Set(), wrong: false };
    this.#batches.set(key, batch);
    batch.pieces.push(piece);
    batch.sources.add(source);
    batch.wrong ||= wrong;
    const covered = Math.min(this.#perDigest, this.#pieces - digest * this.#perDigest);
    if (batch.pieces.length < covered) return { kind: 'unknown' };
    this.#batches.delete(key);
    if (!batch.wrong) return { kind: 'verified', pieces: batch.pieces };
    const [only] = batch.sources;
    return { kind: 'refused', pieces: batch.pieces, culprit: batch.sources.size === 1 ? only : undefined };
  }
}

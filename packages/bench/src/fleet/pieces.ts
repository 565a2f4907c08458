import { ORIGIN, type Order } from './model.ts';
import type { Random } from './random.ts';

/** Which machine offers, has asked for, and sees which piece: rows of bits, for a million pairs are looked at again and again. */
export class Pieces {
  readonly #pieces: number;
  readonly #words: number;
  readonly #offered: Uint32Array;
  readonly #wrong: Uint32Array;
  readonly #asked: Uint32Array;
  readonly #originOnly: Uint32Array;
  /** How many of a machine's sources have a piece. */
  readonly #seen: Uint16Array;

  constructor(machines: number, pieces: number) {
    this.#pieces = pieces;
    this.#words = Math.ceil(pieces / 32);
    this.#offered = new Uint32Array(machines * this.#words);
    this.#wrong = new Uint32Array(machines * this.#words);
    this.#asked = new Uint32Array(machines * this.#words);
    this.#originOnly = new Uint32Array(machines * this.#words);
    this.#seen = new Uint16Array(machines * pieces);
  }

  offers(machine: number, piece: number): boolean {
    return (this.#offered[this.#word(machine, piece)]! & bit(piece)) !== 0;
  }

  isWrong(machine: number, piece: number): boolean {
    return (this.#wrong[this.#word(machine, piece)]! & bit(piece)) !== 0;
  }

  offer(machine: number, piece: number, wrong: boolean): void {
    set(this.#offered, this.#word(machine, piece), piece);
    if (wrong) set(this.#wrong, this.#word(machine, piece), piece);
  }

  ask(machine: number, piece: number): void {
    set(this.#asked, this.#word(machine, piece), piece);
  }

  /** It has the piece no more, nor waits for it. */
  forget(machine: number, piece: number): void {
    for (const rows of [this.#asked, this.#offered, this.#wrong]) {
      rows[this.#word(machine, piece)]! &= ~bit(piece);
    }
  }

  onlyFromOrigin(machine: number, piece: number): void {
    set(this.#originOnly, this.#word(machine, piece), piece);
  }

  see(machine: number, piece: number, change: 1 | -1): void {
    this.#seen[machine * this.#pieces + piece]! += change;
  }

  /** A piece that `source` can give and `target` still needs, or undefined. */
  pick(source: number, target: number, order: Order, random: Random): number | undefined {
    const [from, to] = [source * this.#words, target * this.#words];
    let best: number | undefined;
    let [fewest, alike] = [Number.POSITIVE_INFINITY, 0];
    for (let word = 0; word < this.#words; word++) {
      let bits = this.#offered[from + word]! & ~this.#asked[to + word]!;
      if (source !== ORIGIN) bits &= ~this.#originOnly[to + word]!;
      for (; bits !== 0; bits &= bits - 1) {
        const piece = word * 32 + 31 - Math.clz32(bits & -bits);
        if (order === 'in order') return piece;
        const seen = this.#seen[target * this.#pieces + piece]!;
        if (seen > fewest) continue;
        alike = seen < fewest ? 1 : alike + 1;
        fewest = seen;
        // Of those that are equally rare, each with the same chance.
        if (alike === 1 || random() * alike < 1) best = piece;
      }
    }
    return best;
  }

  #word(machine: number, piece: number): number {
    return machine * this.#words + (piece >> 5);
  }
}

function bit(piece: number): number {
  return 1 << (piece & 31);
}

function set(rows: Uint32Array, word: number, piece: number): void {
  rows[word]! |= bit(piece);
}

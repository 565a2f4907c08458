import type { Fleet, Machine } from './model.ts';

export interface Transfer {
  readonly source: number;
  readonly target: number;
  readonly piece: number;
  readonly startedAt: number;
  readonly rate: number;
  /** What is sent is not what it should be. */
  readonly wrong: boolean;
}

/** How much room each link has, and what is under way on it. */
export class Links {
  readonly #machines: readonly Machine[];
  readonly #streamRate: number;
  readonly #freeUp: number[];
  readonly #freeDown: number[];
  readonly #open: Set<Transfer>[];

  constructor({ machines, streamRate }: Fleet) {
    this.#machines = machines;
    this.#streamRate = streamRate;
    this.#freeUp = machines.map(({ up }) => this.#streams(up));
    this.#freeDown = machines.map(({ down }) => this.#streams(down));
    this.#open = machines.map(() => new Set());
  }

  canSend(source: number): boolean {
    return this.#freeUp[source]! > 0;
  }

  canReceive(target: number): boolean {
    return this.#freeDown[target]! > 0;
  }

  open(source: number, target: number, piece: number, startedAt: number, wrong: boolean): Transfer {
    const { up } = this.#machines[source]!;
    const { down } = this.#machines[target]!;
    const rate = Math.min(up / this.#streams(up), down / this.#streams(down));
    const transfer = { source, target, piece, startedAt, rate, wrong };
    this.#freeUp[source]!--;
    this.#freeDown[target]!--;
    this.#open[source]!.add(transfer);
    this.#open[target]!.add(transfer);
    return transfer;
  }

  close(transfer: Transfer): void {
    const { source, target } = transfer;
    this.#freeUp[source]!++;
    this.#freeDown[target]!++;
    this.#open[source]!.delete(transfer);
    this.#open[target]!.delete(transfer);
  }

  isOpen(transfer: Transfer): boolean {
    return this.#open[transfer.target]!.has(transfer);
  }

  openAt(machine: number): readonly Transfer[] {
    return [...this.#open[machine]!];
  }

  #streams(rate: number): number {
    return Math.max(1, Math.floor(rate / this.#streamRate));
  }
}

import { Clock } from './clock.ts';
import { Digests, type Verdict } from './digests.ts';
import { Links, type Transfer } from './links.ts';
import { type Fleet, ORIGIN, type Outcome } from './model.ts';
import { Pieces } from './pieces.ts';
import { generator, type Random } from './random.ts';

/** Lets the fleet fetch until nothing moves any more. The same fleet and seed give the same outcome. */
export function simulate(fleet: Fleet, seed: number): Outcome {
  const run = new Run(fleet, generator(seed));
  run.clock.run();
  return run.outcome();
}

class Run {
  readonly clock = new Clock();
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #pieces: Pieces;
  readonly #digests: Digests;
  readonly #links: Links;
  readonly #clients: number[][];
  readonly #present: boolean[];
  readonly #banned: Set<number>[];
  readonly #missing: number[];
  readonly #doneAt: (number | undefined)[];
  #originBytes = 0;
  #wastedBytes = 0;
  #receivedBytes = 0;

  constructor(fleet: Fleet, random: Random) {
    const { machines, pieces } = fleet;
    this.#fleet = fleet;
    this.#random = random;
    this.#pieces = new Pieces(machines.length, pieces);
    this.#digests = new Digests(pieces, fleet.piecesPerDigest);
    this.#links = new Links(fleet);
    this.#clients = machines.map(() => []);
    this.#present = machines.map(() => false);
    this.#banned = machines.map(() => new Set());
    this.#missing = machines.map(() => pieces);
    this.#doneAt = machines.map(() => undefined);
    for (const [place, { sources, joinsAt, diesAt }] of machines.entries()) {
      for (const source of sources) this.#clients[source]!.push(place);
      this.clock.at(joinsAt, () => this.#join(place));
      if (diesAt !== undefined) this.clock.at(diesAt, () => this.#die(place));
    }
  }

  outcome(): Outcome {
    const counted = this.#fleet.machines.flatMap(({ counted, joinsAt }, place) => {
      const doneAt = this.#doneAt[place];
      return counted && this.#present[place] ? [doneAt === undefined ? undefined : doneAt - joinsAt] : [];
    });
    const waits = counted.filter((wait) => wait !== undefined).sort((a, b) => a - b);
    return {
      waits,
      unfinished: counted.length - waits.length,
      originBytes: this.#originBytes,
      wastedBytes: this.#wastedBytes,
      receivedBytes: this.#receivedBytes,
    };
  }

  #join(place: number): void {
    this.#present[place] = true;
    if (place === ORIGIN || this.#tampers(place)) {
      for (let piece = 0; piece < this.#fleet.pieces; piece++) this.#offer(place, piece, place !== ORIGIN);
      this.#serve(place);
    } else this.#fetch(place);
  }

  #die(place: number): void {
    this.#present[place] = false;
    for (let piece = 0; piece < this.#fleet.pieces; piece++) {
      if (this.#pieces.offers(place, piece)) this.#tell(place, piece, -1);
    }
    for (const transfer of this.#links.openAt(place)) {
      const { source, target, piece, startedAt, rate } = transfer;
      const sent = rate * (this.clock.now - startedAt);
      this.#close(transfer, sent);
      this.#wastedBytes += sent;
      this.#pieces.forget(target, piece);
      if (source === place) this.#fetch(target);
      else this.#serve(source);
    }
  }

  #fetch(target: number): void {
    this.#around(
      this.#fleet.machines[target]!.sources,
      () => this.#links.canReceive(target),
      (source) => this.#start(source, target),
    );
  }

  #serve(source: number): void {
    this.#around(
      this.#clients[source]!,
      () => this.#links.canSend(source),
      (client) => this.#start(source, client),
    );
  }

  /** One transfer with each in turn, beginning anywhere, again and again until there is no room or nothing to do. */
  #around(places: readonly number[], room: () => boolean, start: (place: number) => boolean): void {
    for (let progress = true; progress; ) {
      progress = false;
      const first = Math.floor(this.#random() * places.length);
      for (let step = 0; step < places.length && room(); step++) {
        if (start(places[(first + step) % places.length]!)) progress = true;
      }
    }
  }

  #start(source: number, target: number): boolean {
    if (!this.#present[source] || !this.#present[target]) return false;
    if (!this.#links.canSend(source) || !this.#links.canReceive(target)) return false;
    if (this.#tampers(target) || this.#banned[target]!.has(source)) return false;
    const piece = this.#pieces.pick(source, target, this.#fleet.order, this.#random);
    if (piece === undefined) return false;
    this.#pieces.ask(target, piece);
    const wrong = this.#pieces.isWrong(source, piece);
    const transfer = this.#links.open(source, target, piece, this.clock.now, wrong);
    this.clock.at(this.clock.now + this.#fleet.pieceBytes / transfer.rate, () => this.#end(transfer));
    return true;
  }

  #end(transfer: Transfer): void {
    // One that was cut off has been dealt with.
    if (!this.#links.isOpen(transfer)) return;
    const { source, target, piece, wrong } = transfer;
    this.#close(transfer, this.#fleet.pieceBytes);
    const verdict = this.#digests.receive(target, piece, source, wrong);
    // What no digest speaks of yet is handed on all the same: otherwise a large file would go from nobody to nobody.
    if (verdict.kind !== 'refused') this.#offer(target, piece, wrong);
    this.#judge(target, verdict);
    this.#serve(target);
    this.#serve(source);
    this.#fetch(target);
  }

  #close(transfer: Transfer, sent: number): void {
    this.#links.close(transfer);
    this.#receivedBytes += sent;
    if (transfer.source === ORIGIN) this.#originBytes += sent;
  }

  #judge(target: number, verdict: Verdict): void {
    if (verdict.kind === 'unknown') return;
    const { pieces } = verdict;
    if (verdict.kind === 'verified') {
      this.#missing[target]! -= pieces.length;
      if (this.#missing[target] === 0) this.#doneAt[target] = this.clock.now;
      return;
    }
    this.#wastedBytes += pieces.length * this.#fleet.pieceBytes;
    if (verdict.culprit !== undefined) this.#banned[target]!.add(verdict.culprit);
    for (const piece of pieces) {
      if (this.#pieces.offers(target, piece)) this.#tell(target, piece, -1);
      this.#pieces.forget(target, piece);
      // Whom to ask no more is not known, so nobody but the origin is asked for these again.
      if (verdict.culprit === undefined) this.#pieces.onlyFromOrigin(target, piece);
    }
  }

  /** It sends what is wrong, and fetches nothing. */
  #tampers(machine: number): boolean {
    return this.#fleet.machines[machine]!.tampers;
  }

  #offer(machine: number, piece: number, wrong: boolean): void {
    this.#pieces.offer(machine, piece, wrong);
    this.#tell(machine, piece, 1);
  }

  #tell(machine: number, piece: number, change: 1 | -1): void {
    for (const client of this.#clients[machine]!) this.#pieces.see(client, piece, change);
  }
}

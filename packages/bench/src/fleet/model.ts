/** Rates in bytes a second, sizes in bytes, times in seconds. */
export interface Machine {
  readonly up: number;
  readonly down: number;
  /** Whom it may fetch from, by their places among the machines. */
  readonly sources: readonly number[];
  /** Of those whose waiting is told: no cache, and nobody who tampers. */
  readonly counted: boolean;
  readonly joinsAt: number;
  readonly diesAt: number | undefined;
  /** It says that it has everything, and what it sends is wrong. */
  readonly tampers: boolean;
}

export type Order = 'rarest first' | 'in order';

export interface Fleet {
  /** The first is the origin, which has everything and never tampers. */
  readonly machines: readonly Machine[];
  readonly pieces: number;
  readonly pieceBytes: number;
  /** How many pieces one digest covers. A machine hands on what it has received, unless a digest refuses it. */
  readonly piecesPerDigest: number;
  /** One transfer's share of a link: a link of four times that has four transfers at once. */
  readonly streamRate: number;
  readonly order: Order;
}

export interface Outcome {
  /** From joining until all is there and verified, of each counted machine that lives, the shortest first. */
  readonly waits: readonly number[];
  /** Counted machines that live, and never had all. */
  readonly unfinished: number;
  readonly originBytes: number;
  /** Received, and of no use: wrong, or cut off when the other end died. */
  readonly wastedBytes: number;
  readonly receivedBytes: number;
}

export const ORIGIN = 0;

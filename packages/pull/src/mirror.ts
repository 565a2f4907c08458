import { isWeightsealError, type StoreLocation, uriOf, type WeightsealError } from '@weightseal/core';
import type { PulledMirror } from './types.js';

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;
/** The longest that one may ask for. */
const LONGEST_ASKED_MS = 60_000;
/** Of one that is of little use: others have time to bring all of it. */
const SLOW_REST_MS = 600_000;

/** What may go better the next time; of anything else nobody is asked twice. */
const PASSING: readonly unknown[] = ['STORE_THROTTLED', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT'];

export function isPassing(error: unknown): boolean {
  return !isWeightsealError(error) || PASSING.includes(error.code);
}

/** One place from which a release comes, and how it has behaved. */
export class Mirror {
  readonly place: StoreLocation;
  /** By what it calls each object: of one it is asked for one version alone. */
  readonly versions: Map<string, string> = new Map();
  /** Whether it was seen to have the release that is pulled. */
  admitted: boolean = false;
  bytes: number = 0;
  #givenUp: WeightsealError | undefined;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #restsUntil = 0;

  constructor(place: StoreLocation) {
    this.place = place;
  }

  get uri(): string {
    return uriOf(this.place);
  }

  get givenUp(): WeightsealError | undefined {
    return this.#givenUp;
  }

  /** Milliseconds for which others are asked first. */
  get restMs(): number {
    return Math.max(0, this.#restsUntil - performance.now());
  }

  giveUp(error: WeightsealError): void {
    this.#givenUp ??= error;
  }

  /** How often it has failed since it served. */
  get failures(): number {
    return this.#failures;
  }

  /** Has failed in a way that may pass, in what it was asked then. What was under way at once has failed once. */
  failed(askedAt: number): void {
    if (askedAt < this.#failedAt) return;
    this.#failedAt = performance.now();
    this.#restFor(Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#failures++));
  }

  /** It asks to be left alone for so long. */
  asksFor(ms: number): void {
    this.#restFor(Math.min(LONGEST_ASKED_MS, ms));
  }

  /** It sends too little. */
  slow(): void {
    this.#restFor(SLOW_REST_MS);
  }

  /** It has sent all that it was asked for then. */
  served(askedAt: number): void {
    if (askedAt < this.#failedAt) return;
    this.#failures = 0;
    this.#restsUntil = 0;
  }

  #restFor(ms: number): void {
    this.#restsUntil = Math.max(this.#restsUntil, performance.now() + ms);
  }

  /** What became of it. */
  get told(): PulledMirror {
    const { uri, bytes, givenUp } = this;
    return { uri, bytes, ...(givenUp && { givenUp }) };
  }
}

/** The first that is well, or the one that is so the soonest. */
export function best(mirrors: readonly Mirror[]): Mirror | undefined {
  let found: Mirror | undefined;
  for (const mirror of mirrors)
    if (!mirror.givenUp && (!found || mirror.restMs < found.restMs)) found = mirror;
  return found;
}

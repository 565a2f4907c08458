import { createHash } from 'node:crypto';
import { digestOf, throwIfAborted, untilAborted } from '@weightseal/core';
import { busy, changed } from '../http/status.js';
import type { Found, Root } from '../root/root.js';
import { Flights } from './flights.js';
import { HashQueue, isShort } from './hash-queue.js';
import { WeightedCache } from './weighted-cache.js';

const MOST = 65_536;
const PIECE = 262_144;
/** For who was told to come again, hashing goes on so long. */
const LINGER_MS = 60_000;

/** Who asks, and until when. */
export interface Asker {
  readonly signal: AbortSignal;
  /** The same for all that one client asks. */
  readonly client: object;
}

/** SHA-256 of files as they lie, each hashed once for as long as it is the same, and for all who ask. */
export class Digests {
  readonly #root: Root;
  readonly #waitMs: number;
  readonly #known = new WeightedCache<string>(MOST);
  readonly #flights = new Flights<string>();
  readonly #queue = new HashQueue();
  readonly #ending = new AbortController();
  readonly #onHashed: (bytes: number) => void;

  /** @param waitMs how long whoever asks waits for a long file, which goes on being hashed */
  constructor(root: Root, waitMs: number, onHashed: (bytes: number) => void) {
    this.#root = root;
    this.#waitMs = waitMs;
    this.#onHashed = onHashed;
  }

  /** One that was made of these very bytes. */
  known(identity: string): string | undefined {
    return this.#known.get(identity);
  }

  /** @returns 64 hexadecimal digits @throws STORE_UNAVAILABLE where it takes longer, STORE_THROTTLED, INPUT_CHANGED, and what the root throws */
  async of(path: string, found: Found, { signal, client }: Asker): Promise<string> {
    const known = this.#known.get(found.identity);
    if (known !== undefined) return known;
    throwIfAborted(signal);
    const late = AbortSignal.timeout(this.#waitMs);
    const left = new AbortController();
    const leave = () => {
      if (!late.aborted) left.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    const until = [left.signal, AbortSignal.timeout(this.#waitMs + LINGER_MS), this.#ending.signal];
    const hashing = this.#flights.join(found.identity, AbortSignal.any(until), (ending) =>
      this.#hash(path, found, client, ending),
    );
    try {
      return await untilAborted(AbortSignal.any([signal, late]), () => hashing);
    } catch (error) {
      if (!late.aborted || signal.aborted) throw error;
      throw busy('The digest of this file, which is its ETag, is being made, and takes longer');
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #hash(path: string, { identity, size }: Found, client: object, ending: AbortSignal): Promise<string> {
    return await this.#queue.turn({ size, client, ending }, async () => {
      // A file of its own: whoever asked may leave meanwhile.
      await using found = await this.#root.open(path, ending);
      if (found?.identity !== identity) throw changed();
      const digest = await (isShort(found) ? inPieces(found, ending) : digestOf(found.source, ending));
      if (!(await found.unchanged())) throw changed();
      this.#onHashed(found.size);
      this.#known.set(identity, digest);
      return digest;
    });
  }

  /** Ends what is being hashed. */
  end(): void {
    this.#ending.abort();
  }
}

/** A short one on this thread: the others may have long ones for minutes. */
async function inPieces({ source, size }: Found, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(PIECE, size));
  for (let at = 0; at < size; at += PIECE) {
    const some = piece.subarray(0, Math.min(PIECE, size - at));
    await source.readInto(some, at, signal);
    hash.update(some);
  }
  return hash.digest('hex');
}

import { optionalWhole } from '../keys/whole-number.js';

/** How a byte source is asked for much: how many reads at once, and for how much each. */
export interface ReadOptions {
  /**
   * How many reads of a byte source are under way at once, 1 to 1024; 16 unless told, fewer where segments are long. Local files are read by as many threads as
   * there are.
   */
  readonly concurrency?: number | undefined;
  /**
   * Bytes of plaintext that one read of a byte source asks for, 1 to 268,435,456; 4 MiB unless told. It is rounded down to whole segments, and to a power of two of
   * them: never less than one.
   */
  readonly requestBytes?: number | undefined;
}

/** The same, where it is known. */
export type Reads = { readonly [name in keyof ReadOptions]-?: number };

const MOST_READS = 1024;
const MOST_BYTES = 268_435_456;
const DEFAULT_READS = 16;
const LEAST_READS = 4;
const DEFAULT_BYTES = 4_194_304;

/** @throws INVALID_ARGUMENT */
export function checkReads({ concurrency, requestBytes }: ReadOptions): ReadOptions {
  optionalWhole('concurrency', concurrency, 1, MOST_READS);
  optionalWhole('requestBytes', requestBytes, 1, MOST_BYTES);
  return { concurrency, requestBytes };
}

/** What the operation says goes before what the source says of itself. @throws INVALID_ARGUMENT */
export function readsOf(source: ReadOptions, asked: ReadOptions): ReadOptions {
  const { concurrency, requestBytes } = checkReads(source);
  return {
    concurrency: asked.concurrency ?? concurrency,
    requestBytes: asked.requestBytes ?? requestBytes,
  };
}

/** For segments of so many bytes. */
export function readsFor({ concurrency, requestBytes = DEFAULT_BYTES }: ReadOptions, segment: number): Reads {
  // Nobody who says nothing shall have more than 64 MiB of it under way, but for segments that are longer than a request.
  const fitting = Math.floor((DEFAULT_READS * DEFAULT_BYTES) / Math.max(requestBytes, segment));
  const reads = concurrency ?? Math.min(DEFAULT_READS, Math.max(LEAST_READS, fitting));
  return { concurrency: reads, requestBytes };
}

/** Runs at most so many at once; the others wait, and begin in the order in which they came. */
export function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running === count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // Whoever is next takes over the place.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

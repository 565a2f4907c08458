import { MAX_TIMER_MS, optionalWhole } from '../keys/whole-number.js';

/** How requests to a store are made. */
export interface StoreTuning {
  /** The most requests at once; 16 unless told. Answers that say so (429, 503), errors and slow answers make it fewer for a while. */
  readonly concurrency?: number | undefined;
  /** Bytes of one ranged read; 2 MiB unless told. */
  readonly requestBytes?: number | undefined;
  /** Bytes of one part of an upload; 8 MiB unless told, more where the object would have too many parts. */
  readonly partBytes?: number | undefined;
  /** Milliseconds in which a request must begin to be answered, and in which more of an answer must come; 15 000 unless told. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds for a range or a part with all its attempts; 120 000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** How often a request is tried in all; 6 unless told. */
  readonly attempts?: number | undefined;
  /** Whether a read that takes much longer than the others is asked for a second time, and the first answer is taken; the default is false. Costs requests. */
  readonly hedge?: boolean | undefined;
}

export type Tuned = { readonly [name in keyof StoreTuning]-?: NonNullable<StoreTuning[name]> };

const DEFAULTS: Tuned = {
  concurrency: 16,
  // As many bytes under way as a line of 1.5 GB/s and 20 ms takes, and with what HTTP leaves to the garbage collector less than 256 MiB in all.
  requestBytes: 2_097_152,
  partBytes: 8_388_608,
  requestTimeoutMs: 15_000,
  deadlineMs: 120_000,
  attempts: 6,
  hedge: false,
};

/** @throws INVALID_ARGUMENT */
export function tuned(
  tuning: StoreTuning = {},
  likes: Pick<StoreTuning, 'concurrency' | 'requestBytes'> = {},
): Tuned {
  optionalWhole('concurrency', tuning.concurrency, 1, 1024);
  optionalWhole('requestBytes', tuning.requestBytes, 1, 268_435_456);
  optionalWhole('partBytes', tuning.partBytes, 1, 1_073_741_824);
  optionalWhole('requestTimeoutMs', tuning.requestTimeoutMs, 1, MAX_TIMER_MS);
  optionalWhole('deadlineMs', tuning.deadlineMs, 1, MAX_TIMER_MS);
  optionalWhole('attempts', tuning.attempts, 1, 100);
  return {
    concurrency: tuning.concurrency ?? likes.concurrency ?? DEFAULTS.concurrency,
    requestBytes: tuning.requestBytes ?? likes.requestBytes ?? DEFAULTS.requestBytes,
    partBytes: tuning.partBytes ?? DEFAULTS.partBytes,
    requestTimeoutMs: tuning.requestTimeoutMs ?? DEFAULTS.requestTimeoutMs,
    deadlineMs: tuning.deadlineMs ?? DEFAULTS.deadlineMs,
    attempts: tuning.attempts ?? DEFAULTS.attempts,
    hedge: tuning.hedge ?? DEFAULTS.hedge,
  };
}

/** What one command took, each of its runs. */
export interface Timing {
  readonly label: string;
  /** Bytes of plaintext that a run handled. */
  readonly bytes: number;
  readonly milliseconds: readonly number[];
}

/** One number against its target. */
export interface Check {
  readonly label: string;
  readonly unit: '×' | 'MiB' | 'KiB' | 'ms' | 'MB/s' | 'segments' | 'members/s' | 'round trips';
  readonly bound: 'at most' | 'at least';
  readonly target: number;
  /** Of a ratio: that of the medians, which decides. */
  readonly measured: number;
  /** Of a ratio: that of the fastest runs. */
  readonly ofMinimums?: number;
}

export interface Outcome {
  readonly timings: readonly Timing[];
  readonly checks: readonly Check[];
  /** What is to be known with the numbers, and what was left out and why. */
  readonly notes: readonly string[];
}

export interface Result extends Outcome {
  readonly name: string;
  readonly title: string;
  readonly environment: Readonly<Record<string, string | number>>;
}

export function met({ bound, measured, target }: Check): boolean {
  return bound === 'at most' ? measured <= target : measured >= target;
}

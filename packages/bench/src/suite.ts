import type { Options } from './options.ts';
import type { Outcome } from './result.ts';
import type { Scratch } from './scratch.ts';
import { formatSize, GIB, MIB } from './sizes.ts';
import { CACHE } from './tools/peer.ts';
import type { Weightseal } from './tools/weightseal.ts';

/** One of the benchmark's comparisons. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Outcome>;
}

/** A suite could not run here; the message says why. */
export class Skipped extends Error {}

/** What every suite works with. */
export class Bench {
  readonly options: Options;
  /** In memory. */
  readonly scratch: Scratch;
  /** On the disk that the checkout is on. */
  readonly disk: Scratch;
  readonly weightseal: Weightseal;
  readonly cache: string = CACHE;
  readonly #quickSize: number;

  constructor(options: Options, scratch: Scratch, disk: Scratch, weightseal: Weightseal) {
    this.options = options;
    this.scratch = scratch;
    this.disk = disk;
    this.weightseal = weightseal;
    this.#quickSize = quickSize(scratch.free());
  }

  /** How large a file to measure with: what was asked for, else that of the published numbers when `--full`, else what fits well. */
  size(full: number): number {
    return this.options.size ?? (this.options.full ? full : this.#quickSize);
  }

  runs(quick: number, full: number): number {
    return this.options.runs ?? (this.options.full ? full : quick);
  }

  /** @throws Skipped when the files of a suite would not fit */
  need(bytes: number, where: Scratch = this.scratch): void {
    if (where.has(bytes)) return;
    const free = formatSize(where.free());
    throw new Skipped(`needs ${formatSize(bytes)} in ${where.directory}, where ${free} are free`);
  }

  log(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** At most six files of that size lie there at once. */
function quickSize(free: number): number {
  const sizes = [2 * GIB, GIB, 512 * MIB, 256 * MIB, 128 * MIB];
  return sizes.find((size) => 7 * size <= free) ?? 64 * MIB;
}

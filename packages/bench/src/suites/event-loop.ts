import { rmSync } from 'node:fs';
import { delayAtMost } from '../measure.ts';
import { formatSize, GIB } from '../sizes.ts';
import { median } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

const LIMIT_MS = 20;
const IDLE_MS = 1500;

interface Delay {
  readonly max: number;
  readonly p99: number;
}

export const eventLoop: Suite = {
  name: 'event-loop',
  title: "Delay of the host's event loop",
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(2 * GIB);
    bench.need(3.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const [sealed, opened] = [scratch.path('sealed'), scratch.path('opened')];
    const measure = async (operation: string, input: string, output: string) => {
      rmSync(output, { force: true });
      scratch.warm(bytes);
      return await runProbe<Delay>('event-loop', operation, input, output, weightseal.keyPath, `${IDLE_MS}`);
    };
    const delays: Record<'seal' | 'open' | 'idle' | 'spin', Delay[]> = {
      seal: [],
      open: [],
      idle: [],
      spin: [],
    };
    for (let run = 0; run < bench.runs(3, 7); run++) {
      delays.seal.push(await measure('seal', plain, sealed));
      delays.open.push(await measure('open', sealed, opened));
      delays.idle.push(await measure('idle', '', opened));
      delays.spin.push(await measure('spin', '', opened));
    }
    const checks = (['seal', 'open'] as const).flatMap((operation) => [
      delayAtMost(
        `${operation} ${formatSize(bytes)}, longest`,
        delays[operation].map((one) => one.max),
        LIMIT_MS,
      ),
      delayAtMost(
        `${operation} ${formatSize(bytes)}, 99th percentile`,
        delays[operation].map((one) => one.p99),
        LIMIT_MS,
      ),
    ]);
    const [idle, spin] = [delays.idle, delays.spin].map((all) =>
      median(all.map(({ max }) => max)).toFixed(1),
    );
    const worst = Math.max(...[...delays.seal, ...delays.open].map(({ max }) => max)).toFixed(1);
    const notes = [
      `Medians over the runs; the worst of all is ${worst} ms. The longest delay of a process that does nothing is ${idle} ms here, and of one whose threads only turn, ${spin} ms.`,
    ];
    return { timings: [], checks, notes };
  },
};

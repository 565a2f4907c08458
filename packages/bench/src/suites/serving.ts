import { delayAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import { formatSize, GIB } from '../sizes.ts';
import { median } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

const LIMIT_MS = 20;

interface Served {
  readonly max: number;
  readonly p99: number;
  readonly requestP99: number;
  readonly requestMax: number;
  readonly requests: number;
}

export const serving: Suite = {
  name: 'serving',
  title: 'A server that answers while it loads',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(3.2 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    scratch.remove('plain');
    const loading: Served[] = [];
    const idle: Served[] = [];
    for (let run = 0; run < bench.runs(3, 7); run++) {
      scratch.warm(bytes);
      loading.push(await runProbe<Served>('serving', 'load', sealed, weightseal.keyPath));
      idle.push(await runProbe<Served>('serving', 'idle'));
    }
    const of = (all: readonly Served[], which: keyof Served) =>
      median(all.map((one) => one[which])).toFixed(1);
    return {
      timings: [],
      checks: [
        delayAtMost(
          `load ${formatSize(bytes)}, longest delay of the event loop`,
          loading.map((one) => one.max),
          LIMIT_MS,
        ),
        delayAtMost(
          'its 99th percentile',
          loading.map((one) => one.p99),
          LIMIT_MS,
        ),
      ],
      notes: [
        `Four clients ask all the while. Of their requests, the 99th percentile took ${of(loading, 'requestP99')} ms and the longest ${of(loading, 'requestMax')} ms, where they take ${of(idle, 'requestP99')} and ${of(idle, 'requestMax')} ms when nothing is loaded; the event loop of that server is late by ${of(idle, 'max')} ms at most.`,
      ],
    };
  },
};

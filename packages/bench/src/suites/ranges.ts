import { execute } from '../process.ts';
import { GIB } from '../sizes.ts';
import { median, quantile } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

interface Ranges {
  readonly segments: number;
  readonly latencies: readonly number[];
  readonly plainLatencies: readonly number[];
}

export const ranges: Suite = {
  name: 'ranges',
  title: 'Read 1 MiB at random places of a sealed file',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(2 * GIB);
    bench.need(2.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const reads = bench.options.full ? '1000' : '200';
    const measured = await runProbe<Ranges>('ranges', sealed, plain, weightseal.keyPath, reads);
    const { segments, latencies, plainLatencies } = measured;
    const describe = (values: readonly number[]) =>
      `median ${median(values).toFixed(2)} ms, 99th percentile ${quantile(values, 0.99).toFixed(2)} ms`;
    return {
      timings: [
        { label: 'reader.read', bytes: 1_048_576, milliseconds: latencies },
        { label: 'the same bytes of the plaintext', bytes: 1_048_576, milliseconds: plainLatencies },
      ],
      checks: [
        {
          label: 'segments for a read, at worst',
          unit: 'segments',
          bound: 'at most',
          target: 3,
          measured: segments,
        },
      ],
      notes: [`A read takes ${describe(latencies)}; of the plaintext, ${describe(plainLatencies)}.`],
    };
  },
};

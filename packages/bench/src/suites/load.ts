import { ratioAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import type { Timing } from '../result.ts';
import { GIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';
import { cp } from '../tools/system.ts';

export const load: Suite = {
  name: 'load',
  title: 'Load into memory, beside a copy of the plaintext',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(3.2 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const copy = cp(plain, scratch.path('copy'));
    const loading = (where: string) => async () =>
      (await runProbe<{ milliseconds: number }>('load', where, sealed, weightseal.keyPath)).milliseconds;
    const copyOnce = async () => {
      const { milliseconds } = await execute(copy.argv);
      scratch.remove('copy');
      return milliseconds;
    };
    const copying = async () => {
      await copyOnce();
      return copyOnce();
    };
    const ways: readonly [string, () => Promise<number>][] = [
      ["load, into the loader's own tmpfs", loading('own')],
      ['load, into a tmpfs that is there', loading('existing')],
      [copy.label, copying],
    ];
    const timings = ways.map(([label]): Timing & { milliseconds: number[] } => ({
      label,
      bytes,
      milliseconds: [],
    }));
    for (let run = 0; run < bench.runs(5, 9); run++) {
      for (const [index, [, measure]] of ways.entries()) {
        timings[index]!.milliseconds.push(await measure());
      }
    }
    const [own, existing, copied] = timings;
    return {
      timings,
      checks: [
        ratioAtMost('load, own tmpfs / cp', own!, copied!, 0.7),
        ratioAtMost('load, existing tmpfs / cp', existing!, copied!, 1),
      ],
      notes: [
        'Of a load, the time from the call to the plaintext being there; of `cp`, the whole process. Each is done twice in a row, and the second time counts: all of them get memory that the machine has given already.',
      ],
    };
  },
};

import { alternate } from '../measure.ts';
import { peakMemory } from '../memory.ts';
import { manySmallFiles } from '../models.ts';
import { type Command, execute } from '../process.ts';
import type { Check, Timing } from '../result.ts';
import { KIB, MIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { cpTree } from '../tools/system.ts';

const ALL = 100_000;
const QUICK = 20_000;
const LIMIT_MIB = 200;

export const members: Suite = {
  name: 'members',
  title: 'A directory of very many files of 1 KiB',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const count = bench.options.full ? ALL : QUICK;
    const bytes = count * KIB;
    // A file in memory has pages of 4 KiB.
    bench.need(5 * 4 * bytes);
    const plain = manySmallFiles(scratch, 'plain', count);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const sealing = weightseal.seal(plain, scratch.path('again'));
    const opening = weightseal.open(sealed, scratch.path('opened'));
    const commands = [sealing, opening, weightseal.verify(sealed), cpTree(plain, scratch.path('copy'))];
    const timings = await alternate(commands, { runs: bench.runs(3, 7), bytes, scratch });
    const peak = async (command: Command): Promise<Check> => {
      const measured = (await peakMemory(command, scratch)) / MIB;
      if (command.output) scratch.remove(command.output.slice(scratch.directory.length + 1));
      return { label: `${command.label}, peak`, unit: 'MiB', bound: 'at most', target: LIMIT_MIB, measured };
    };
    return {
      timings,
      checks: [
        rateAtLeast('weightseal seal', count, timings[0]!, 5000),
        rateAtLeast('weightseal open', count, timings[1]!, 10_000),
        await peak(sealing),
        await peak(opening),
      ],
      notes: [`${count} files, a thousand to a folder; whole processes, their start with them.`],
    };
  },
};

function rateAtLeast(label: string, count: number, { milliseconds }: Timing, target: number): Check {
  const rate = (ms: number) => (count / ms) * 1000;
  return {
    label,
    unit: 'members/s',
    bound: 'at least',
    target,
    measured: rate(median(milliseconds)),
    ofMinimums: rate(minimum(milliseconds)),
  };
}

import { readFileSync } from 'node:fs';
import { alternate } from '../measure.ts';
import { execute } from '../process.ts';
import type { Timing } from '../result.ts';
import { GIB } from '../sizes.ts';
import { Skipped, type Suite } from '../suite.ts';
import { cp, has, onProcessors } from '../tools/system.ts';

export const cores: Suite = {
  name: 'cores',
  title: 'Throughput on one processor, and on more',
  async run(bench) {
    const { scratch, weightseal } = bench;
    if (!(await has('taskset'))) throw new Skipped('there is no taskset');
    const bytes = bench.size(2 * GIB);
    bench.need(3.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    const output = scratch.path('output');
    await execute(weightseal.seal(plain, sealed).argv);
    const commands = [
      weightseal.verify(sealed, ['--no-digest']),
      weightseal.seal(plain, output, ['--no-digest']),
      weightseal.open(sealed, output),
      cp(plain, output),
    ];
    const processors = allowedProcessors();
    const timings: Timing[] = [];
    for (const count of counts(processors.length)) {
      bench.log(`  ${count} of ${processors.length} processors`);
      const pinned = commands.map((command) => ({
        ...onProcessors(command, processors, count),
        label: `${command.label}, processors: ${count}`,
      }));
      timings.push(...(await alternate(pinned, { runs: bench.runs(3, 5), bytes, scratch })));
    }
    return { timings, checks: [], notes: [] };
  },
};

/** One, two, four …, and all. */
function counts(all: number): number[] {
  const powers = Array.from({ length: 10 }, (_, i) => 2 ** i);
  return [...powers.filter((count) => count < all), all];
}

/** The processors that this process may use, as in `0-3,8`. */
function allowedProcessors(): number[] {
  const [, list = '0'] =
    /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

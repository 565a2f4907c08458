import { alternate } from '../measure.ts';
import { execute } from '../process.ts';
import { MIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { nodeStart } from '../tools/system.ts';

const BYTES: number = MIB - 1;

export const run: Suite = {
  name: 'run',
  title: 'Run a command on a model of 1 MiB, beside the start of Node',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const plain = scratch.plaintext('plain', BYTES);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const commands = [weightseal.run(sealed, ['true']), nodeStart()];
    await alternate(commands, { runs: 3, bytes: BYTES, scratch });
    const [ran, started] = await alternate(commands, { runs: bench.runs(21, 101), bytes: BYTES, scratch });
    return {
      timings: [ran!, started!],
      checks: [
        {
          label: 'run, beyond node -e 0',
          unit: 'ms',
          bound: 'at most',
          target: 150,
          measured: median(ran!.milliseconds) - median(started!.milliseconds),
          ofMinimums: minimum(ran!.milliseconds) - minimum(started!.milliseconds),
        },
      ],
      notes: ['The command does nothing; its end and the wiping of the plaintext are in the number too.'],
    };
  },
};

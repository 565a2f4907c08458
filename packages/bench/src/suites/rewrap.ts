import { statSync, truncateSync } from 'node:fs';
import { alternate } from '../measure.ts';
import { execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { formatSize, GIB, KIB, MIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';
import { nodeStart } from '../tools/system.ts';

const BYTES: number = 8 * MIB;
const SEALED_BYTES: number = 16 * GIB;

export const rewrap: Suite = {
  name: 'rewrap',
  title: `Rewrap a file of ${formatSize(SEALED_BYTES)} on disk`,
  async run(bench) {
    const { disk, weightseal } = bench;
    const plain = disk.plaintext('plain', BYTES);
    const sealed = disk.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const { size } = statSync(sealed);
    truncateSync(sealed, SEALED_BYTES);
    const { written } = await runProbe<{ written: number }>('rewrap', sealed, weightseal.keyPath);
    const commands = [weightseal.rewrap(sealed), nodeStart()];
    const timings = await alternate(commands, { runs: bench.runs(21, 51), bytes: 0, scratch: disk });
    // Cut back to what was sealed, it opens: all those rewraps were real.
    truncateSync(sealed, size);
    const opening = weightseal.open(sealed, disk.path('opened'));
    await execute(opening.argv);
    expectSame(plain, opening.output!);
    disk.remove('plain', 'sealed', 'opened');
    const [rewrapping, starting] = timings.map(({ milliseconds }) => milliseconds);
    return {
      timings,
      checks: [
        { label: 'bytes written', unit: 'KiB', bound: 'at most', target: 64, measured: written / KIB },
        {
          label: 'time beyond that of node -e 0',
          unit: 'ms',
          bound: 'at most',
          target: 100,
          measured: median(rewrapping!) - median(starting!),
          ofMinimums: minimum(rewrapping!) - minimum(starting!),
        },
      ],
      notes: ['The payload is mostly a hole: a rewrap reads none of it.'],
    };
  },
};

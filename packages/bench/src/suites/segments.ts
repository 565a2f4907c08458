import { rmSync } from 'node:fs';
import { alternate } from '../measure.ts';
import { execute } from '../process.ts';
import { GIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { BARE } from '../tools/weightseal.ts';

/** Segments whose encrypted length is a power of two, and those whose plaintext is one: the default. */
const LENGTHS = [1_048_576, 1_048_608] as const;

export const segments: Suite = {
  name: 'segments',
  title: 'Segments of 1 MiB encrypted, or of 1 MiB plaintext',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(2 * GIB);
    bench.need(4.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const opened = scratch.path('opened');
    const option = (length: number) => [...BARE, '--segment-length', `${length}`];
    const sealing = LENGTHS.map((length) =>
      weightseal.seal(plain, scratch.path(`sealed-${length}`), option(length)),
    );
    const how = { runs: bench.runs(5, 9), bytes, scratch };
    const sealed = await alternate(sealing, how);
    for (const { argv } of sealing) await execute(argv);
    const opening = LENGTHS.map((length, i) => ({
      ...weightseal.open(sealing[i]!.output!, opened),
      label: `weightseal open, segments of ${length}`,
    }));
    const timings = [...sealed, ...(await alternate(opening, how))];
    rmSync(plain);
    return { timings, checks: [], notes: [] };
  },
};

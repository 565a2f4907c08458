import { rmSync } from 'node:fs';
import { alternate, ratioAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { GIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { cp } from '../tools/system.ts';

export const open: Suite = {
  name: 'open',
  title: 'Open, beside a copy of the plaintext',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(3.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const opening = weightseal.open(sealed, scratch.path('opened'));
    const copying = cp(plain, scratch.path('copy'));
    await execute(opening.argv);
    expectSame(plain, opening.output!);
    rmSync(opening.output!);
    const timings = await alternate([opening, copying], { runs: bench.runs(5, 9), bytes, scratch });
    const [opened, copied] = timings;
    return { timings, checks: [ratioAtMost('open / cp', opened!, copied!, 1)], notes: [] };
  },
};

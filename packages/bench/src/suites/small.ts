import { alternate, ratioAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import type { Check, Timing } from '../result.ts';
import type { Suite } from '../suite.ts';
import { nodeStart } from '../tools/system.ts';

const BYTES = 100;

export const small: Suite = {
  name: 'small',
  title: 'Open a file of 100 bytes, beside the start of Node',
  async run(bench) {
    const { weightseal } = bench;
    const timings: Timing[] = [];
    const checks: Check[] = [];
    for (const [where, scratch] of Object.entries({ 'in memory': bench.scratch, 'on disk': bench.disk })) {
      const plain = scratch.plaintext('plain', BYTES);
      const sealed = scratch.path('sealed');
      await execute(weightseal.seal(plain, sealed).argv);
      const opening = {
        ...weightseal.open(sealed, scratch.path('opened')),
        label: `weightseal open, ${where}`,
      };
      const commands = [opening, nodeStart()];
      // Once for the code to be in the page cache, and compiled in Node's.
      await alternate(commands, { runs: 3, bytes: BYTES, scratch });
      const [opened, started] = await alternate(commands, {
        runs: bench.runs(41, 201),
        bytes: BYTES,
        scratch,
      });
      scratch.remove('plain', 'sealed');
      timings.push(opened!, started!);
      checks.push(ratioAtMost(`open ${where} / node -e 0`, opened!, started!, 1.5));
    }
    return { timings, checks, notes: [] };
  },
};

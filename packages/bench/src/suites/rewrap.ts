import { readdirSync, statSync, truncateSync } from 'node:fs';
import { alternate } from '../measure.ts';
import { shardedModel } from '../models.ts';
import { execute } from '../process.ts';
import type { Check, Timing } from '../result.ts';
import { expectSame } from '../same-file.ts';
import { formatSize, GIB, KIB, MIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import type { Bench, Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';
import { nodeStart } from '../tools/system.ts';

const BYTES: number = 8 * MIB;
const SEALED_BYTES: number = 16 * GIB;
const BUNDLE_BYTES: number = 1024 * GIB;
const SHARDS = 32;

export const rewrap: Suite = {
  name: 'rewrap',
  title: `Rewrap a file of ${formatSize(SEALED_BYTES)} and a bundle of ${formatSize(BUNDLE_BYTES)} on disk`,
  async run(bench) {
    const { disk, weightseal } = bench;
    const plain = disk.plaintext('plain', BYTES);
    const sealed = disk.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const { size } = statSync(sealed);
    truncateSync(sealed, SEALED_BYTES);
    const { written } = await runProbe<{ written: number }>('rewrap', sealed, weightseal.keyPath);
    const model = await hugeBundle(bench);
    const commands = [
      weightseal.rewrap(sealed),
      { ...weightseal.rewrap(model), label: `weightseal rewrap, a bundle of ${formatSize(BUNDLE_BYTES)}` },
      nodeStart(),
    ];
    const timings = await alternate(commands, { runs: bench.runs(21, 51), bytes: 0, scratch: disk });
    // Cut back to what was sealed, it opens: all those rewraps were real.
    truncateSync(sealed, size);
    const opening = weightseal.open(sealed, disk.path('opened'));
    await execute(opening.argv);
    expectSame(plain, opening.output!);
    disk.remove('plain', 'sealed', 'opened', 'model', 'model.sealed');
    const [rewrapping, ofBundle, starting] = timings;
    return {
      timings,
      checks: [
        { label: 'bytes written', unit: 'KiB', bound: 'at most', target: 64, measured: written / KIB },
        beyond('time beyond that of node -e 0', rewrapping!, starting!),
        beyond('of the bundle, time beyond that of node -e 0', ofBundle!, starting!),
      ],
      notes: ['Payloads are mostly holes: a rewrap reads none of them.'],
    };
  },
};

/** A bundle whose payloads have been made longer, to a TB in all. */
async function hugeBundle({ disk, weightseal }: Bench): Promise<string> {
  const model = shardedModel(disk, 'model', BYTES, SHARDS);
  const sealed = disk.path('model.sealed');
  await execute(weightseal.seal(model, sealed).argv);
  for (const name of readdirSync(sealed))
    if (name.endsWith('.safetensors.sealed')) truncateSync(`${sealed}/${name}`, BUNDLE_BYTES / SHARDS);
  return sealed;
}

function beyond(label: string, { milliseconds }: Timing, start: Timing): Check {
  return {
    label,
    unit: 'ms',
    bound: 'at most',
    target: 100,
    measured: median(milliseconds) - median(start.milliseconds),
    ofMinimums: minimum(milliseconds) - minimum(start.milliseconds),
  };
}

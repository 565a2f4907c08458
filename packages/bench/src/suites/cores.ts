import { readFileSync } from 'node:fs';
import { alternate, fasterAtLeast } from '../measure.ts';
import { shardedModel } from '../models.ts';
import { type Command, execute } from '../process.ts';
import type { Check, Timing } from '../result.ts';
import { GIB } from '../sizes.ts';
import { median } from '../stats.ts';
import { type Bench, Skipped, type Suite } from '../suite.ts';
import { probeArgv } from '../tools/probe.ts';
import { cp, cpTree, has, onProcessors } from '../tools/system.ts';
import { BARE } from '../tools/weightseal.ts';

const SHARDS = 32;
const LOAD = `load into the loader's own tmpfs, ${SHARDS} shards`;

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
      weightseal.seal(plain, output, BARE),
      weightseal.open(sealed, output),
      cp(plain, output),
    ];
    const timings = await onEach(bench, commands, bytes);
    scratch.clear();
    const shards = await onEach(bench, await bundleCommands(bench, bytes), bytes);
    return { timings: [...timings, ...shards], checks: manyCores(shards), notes: [] };
  },
};

/** The same of a directory of shards: many files can be written at once, one cannot. */
async function bundleCommands({ scratch, weightseal }: Bench, bytes: number): Promise<Command[]> {
  const model = shardedModel(scratch, 'model', bytes, SHARDS);
  const sealed = scratch.path('model.sealed');
  await execute(weightseal.seal(model, sealed).argv);
  const output = scratch.path('output');
  const load = { label: LOAD, argv: probeArgv('load', 'own', sealed, weightseal.keyPath), timed: true };
  const commands = [weightseal.verify(sealed, ['--no-digest']), weightseal.open(sealed, output)];
  return [
    ...commands.map((one) => ({ ...one, label: `${one.label}, ${SHARDS} shards` })),
    load,
    cpTree(model, output),
  ];
}

async function onEach(bench: Bench, commands: readonly Command[], bytes: number): Promise<Timing[]> {
  const processors = allowedProcessors();
  const timings: Timing[] = [];
  for (const count of counts(processors.length)) {
    bench.log(`  ${count} of ${processors.length} processors`);
    const pinned = commands.map((command) => ({
      ...onProcessors(command, processors, count),
      label: `${command.label}, processors: ${count}`,
    }));
    timings.push(...(await alternate(pinned, { runs: bench.runs(3, 5), bytes, scratch: bench.scratch })));
  }
  return timings;
}

/** On 16 processors, where there are so many. */
function manyCores(timings: readonly Timing[]): Check[] {
  const at16 = (label: string) => timings.find((one) => one.label === `${label}, processors: 16`);
  const [load, copy] = [at16(LOAD), at16('cp -r')];
  if (!load || !copy) return [];
  const measured = load.bytes / median(load.milliseconds) / 1000;
  return [
    { label: `${LOAD}, processors: 16`, unit: 'MB/s', bound: 'at least', target: 12_000, measured },
    fasterAtLeast(`${LOAD} / cp -r, processors: 16`, load, copy, 4),
  ];
}

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

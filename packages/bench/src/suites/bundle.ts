import { readdirSync, rmSync } from 'node:fs';
import { alternate, ratioAtMost } from '../measure.ts';
import { shardedModel } from '../models.ts';
import { type Command, execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { GIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { probeArgv } from '../tools/probe.ts';
import type { Weightseal } from '../tools/weightseal.ts';

const SHARDS = 32;
const TARGET = 1.05;

export const bundle: Suite = {
  name: 'bundle',
  title: `A directory of ${SHARDS} shards, beside one file of the same size`,
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(4.2 * bytes);
    const file = scratch.plaintext('file', bytes);
    const model = shardedModel(scratch, 'model', bytes, SHARDS);
    const [sealedFile, sealedModel] = [scratch.path('file.sealed'), scratch.path('model.sealed')];
    await execute(weightseal.seal(file, sealedFile).argv);
    await execute(weightseal.seal(model, sealedModel).argv);
    scratch.remove('file');
    const openings = [
      weightseal.open(sealedFile, scratch.path('opened')),
      weightseal.open(sealedModel, scratch.path('opened')),
    ] as const;
    await execute(openings[1].argv);
    for (const name of readdirSync(model)) expectSame(`${model}/${name}`, scratch.path(`opened/${name}`));
    rmSync(scratch.path('opened'), { recursive: true });
    scratch.remove('model');
    const runs = { runs: bench.runs(5, 9), bytes, scratch };
    const opened = await alternate(named('open', openings), runs);
    const verifications = [weightseal.verify(sealedFile), weightseal.verify(sealedModel)] as const;
    const verified = await alternate(named('verify', verifications), runs);
    const loads = [loading(sealedFile, weightseal), loading(sealedModel, weightseal)] as const;
    const loaded = await alternate(named('load', loads), runs);
    const [openOne, openMany, verifyOne, verifyMany, loadOne, loadMany] = [...opened, ...verified, ...loaded];
    return {
      timings: [...opened, ...verified, ...loaded],
      checks: [
        ratioAtMost('open, shards / file', openMany!, openOne!, TARGET),
        ratioAtMost('verify, shards / file', verifyMany!, verifyOne!, TARGET),
        ratioAtMost('load, shards / file', loadMany!, loadOne!, TARGET),
      ],
      notes: [
        "A load is into the loader's own tmpfs, from the call to the plaintext being there, and the fastest of five in a process but the first: the host takes freed memory back every two seconds, and giving it again takes longer than all of the load.",
      ],
    };
  },
};

function named<T extends { readonly label: string }>(what: string, [one, many]: readonly [T, T]): T[] {
  return [
    { ...one, label: `${what}, one file` },
    { ...many, label: `${what}, ${SHARDS} shards` },
  ];
}

function loading(sealed: string, { keyPath }: Weightseal): Command {
  return { label: 'load', argv: probeArgv('load', 'own', sealed, keyPath, '6'), timed: true };
}

import { writeFileSync } from 'node:fs';
import { alternate, fasterAtLeast } from '../measure.ts';
import { execute } from '../process.ts';
import { safetensorsHeader } from '../safetensors.ts';
import { GIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import { Skipped, type Suite } from '../suite.ts';
import { BUCKET, ObjectServer } from '../tools/object-server.ts';
import { probeArgv } from '../tools/probe.ts';
import { rclone } from '../tools/store-peers.ts';

const REQUEST_MS = 20;
/** Twice as far and once more: what takes longer there by that is a round trip. */
const FARTHER_MS = 60;
const TENSORS = 1000;

export const storesAway: Suite = {
  name: 'stores-away',
  title: `Open from an object store that is ${REQUEST_MS} ms away`,
  async run(bench) {
    const { scratch, weightseal, cache } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(3.2 * bytes);
    await using near = await ObjectServer.start(cache, scratch.path('server')).catch((error: Error) => {
      throw new Skipped(`SeaweedFS: ${error.message}`);
    });
    const peer = await rclone().catch((error: Error) => {
      throw new Skipped(error.message);
    });
    await using far = await near.slowly(REQUEST_MS);
    await using farther = await near.slowly(FARTHER_MS);
    const object = `s3://${BUCKET}/model.safetensors.sealed`;
    const each = Math.floor(bytes / TENSORS / 4) * 4;
    writeFileSync(scratch.path('plain'), safetensorsHeader(TENSORS, each));
    scratch.append('plain', TENSORS * each);
    await execute(weightseal.seal(scratch.path('plain'), object).argv, { env: near.env });
    scratch.remove('plain');
    const { env } = far;
    const opened = scratch.path('opened');
    const commands = [
      { ...weightseal.open(object, opened), env },
      { label: peer.label, output: opened, env, argv: peer.copy('model.safetensors.sealed', opened) },
    ];
    const timings = await alternate(commands, { runs: bench.runs(3, 5), bytes, scratch });
    const milliseconds: number[] = [];
    const there: number[] = [];
    const tensor = async (store: ObjectServer, run: number): Promise<number> => {
      const argv = probeArgv('tensor-away', object, weightseal.keyPath, `t${run * 97}`);
      const { stdout } = await execute(argv, { capture: true, env: store.env });
      return (JSON.parse(stdout) as { milliseconds: number }).milliseconds;
    };
    for (let run = 0; run < bench.runs(5, 9); run++) {
      milliseconds.push(await tensor(far, run));
      there.push(await tensor(farther, run));
    }
    const trips = (of: (times: readonly number[]) => number) =>
      (of(there) - of(milliseconds)) / (FARTHER_MS - REQUEST_MS);
    return {
      timings: [...timings, { label: 'openSafetensors and its first tensor', bytes: each, milliseconds }],
      checks: [
        fasterAtLeast(`open, times as fast as ${peer.label}`, timings[0]!, timings[1]!, 1),
        {
          label: 'first tensor',
          unit: 'round trips',
          bound: 'at most',
          target: 5,
          measured: trips(median),
          ofMinimums: trips(minimum),
        },
      ],
      notes: [
        `rclone only copies, with 16 streams: what it brings is still sealed. Of the first tensor, the time from the call on, with a store and connections that are new, in a process that has done so once; its round trips are by how much longer it takes from ${FARTHER_MS} ms away.`,
      ],
    };
  },
};

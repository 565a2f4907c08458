import { alternate, fasterAtLeast, ratioAtMost } from '../measure.ts';
import { shardedModel } from '../models.ts';
import { type Command, execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { GIB } from '../sizes.ts';
import { Skipped, type Suite } from '../suite.ts';
import { BUCKET, ObjectServer } from '../tools/object-server.ts';
import { awsCli, inTurn, rclone } from '../tools/store-peers.ts';

const SHARDS = 32;

/** From a store into memory, beside the same without decryption, and beside a copy that is then opened. */
export const storesDown: Suite = {
  name: 'stores-down',
  title: 'Open from an object store, beside a download of it',
  async run(bench) {
    const { scratch, weightseal, cache } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(5.2 * bytes);
    await using server = await ObjectServer.start(cache, scratch.path('server')).catch((error: Error) => {
      throw new Skipped(`SeaweedFS: ${error.message}`);
    });
    const peers = await Promise.all([awsCli(cache), rclone()]).catch((error: Error) => {
      throw new Skipped(error.message);
    });
    const { env } = server;
    const [file, model] = [`s3://${BUCKET}/file.sealed`, `s3://${BUCKET}/model.sealed`];
    const plain = scratch.plaintext('plain', bytes);
    await execute(weightseal.seal(plain, file).argv, { env });
    const opened = scratch.path('opened');
    await execute(weightseal.open(file, opened).argv, { env });
    expectSame(plain, opened);
    scratch.remove('plain', 'opened');
    await execute(weightseal.seal(shardedModel(scratch, 'model', bytes, SHARDS), model).argv, { env });
    scratch.remove('model');
    const copied = scratch.path('copied');
    const withEnv = (label: string, command: Command): Command => ({ ...command, label, env });
    const openCopy = weightseal.open(copied, opened);
    const commands = [
      withEnv('weightseal open, one object', weightseal.open(file, opened)),
      withEnv('weightseal cp, one object', weightseal.cp(file, opened)),
      withEnv(`weightseal open, ${SHARDS} shards`, weightseal.open(model, opened)),
      withEnv(`weightseal cp, ${SHARDS} shards`, weightseal.cp(model, opened)),
      ...peers.map(({ label, copy }) =>
        withEnv(
          `${label}, then open`,
          inTurn('', copy('file.sealed', copied), { ...openCopy, memory: bytes }),
        ),
      ),
    ];
    const timings = await alternate(commands, { runs: bench.runs(3, 5), bytes, scratch });
    const [one, oneCopy, many, manyCopy, ...others] = timings;
    return {
      timings,
      checks: [
        ratioAtMost('one object, open / cp', one!, oneCopy!, 1.1),
        ratioAtMost(`${SHARDS} shards, open / cp`, many!, manyCopy!, 1.1),
        ...peers.map(({ label }, n) =>
          fasterAtLeast(`open, times as fast as ${label} and open`, one!, others[n]!, 2),
        ),
      ],
      notes: [
        'SeaweedFS on the same machine, in memory, has a share of the same processors. `cp` is the same parallel ranged download by the same program without decryption.',
      ],
    };
  },
};

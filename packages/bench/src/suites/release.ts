import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { alternate, ratioAtMost } from '../measure.ts';
import { shardedModel } from '../models.ts';
import { type Command, execute } from '../process.ts';
import { GIB } from '../sizes.ts';
import { median, minimum } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { nodeStart } from '../tools/system.ts';

const SHARDS = 32;
/** 0.95 times the speed. */
const TARGET: number = 1 / 0.95;
const MOST_MS = 50;

export const release: Suite = {
  name: 'release',
  title: `Compare a bundle of ${SHARDS} shards with its manifest, and sign it`,
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(2.2 * bytes);
    const model = shardedModel(scratch, 'model', bytes, SHARDS);
    const sealed = scratch.path('model.sealed');
    await execute(weightseal.seal(model, sealed).argv);
    scratch.remove('model');
    const pem = scratch.path('release.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const [comparing, hashing] = await alternate(
      [weightseal.verifyManifest(sealed), parallelSha256(sealed)],
      {
        runs: bench.runs(5, 9),
        bytes,
        scratch,
      },
    );
    const [signing, starting] = await alternate([weightseal.sign(sealed, pem), nodeStart()], {
      runs: bench.runs(21, 51),
      bytes: 0,
      scratch,
    });
    scratch.remove('model.sealed', 'release.pem');
    const beyond = (of: (values: readonly number[]) => number) =>
      of(signing!.milliseconds) - of(starting!.milliseconds);
    return {
      timings: [comparing!, hashing!, signing!, starting!],
      checks: [
        ratioAtMost('verify --no-key / sha256 of all files at once', comparing!, hashing!, TARGET),
        {
          label: 'sign, time beyond that of node -e 0',
          unit: 'ms',
          bound: 'at most',
          target: MOST_MS,
          measured: beyond(median),
          ofMinimums: beyond(minimum),
        },
      ],
      notes: ['What is signed is the manifest: no payload is read.'],
    };
  },
};

/** As many processes as processors, a file each. */
function parallelSha256(directory: string): Command {
  const command = 'find "$1" -type f -print0 | xargs -0 -n 1 -P "$2" openssl dgst -sha256 > /dev/null';
  return {
    label: 'openssl dgst -sha256, a file a processor',
    argv: ['sh', '-c', command, 'sh', directory, String(availableParallelism())],
  };
}

import { alternate, ratioAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import { GIB } from '../sizes.ts';
import { Skipped, type Suite } from '../suite.ts';
import { BUCKET, ObjectServer } from '../tools/object-server.ts';
import { BARE } from '../tools/weightseal.ts';

/** At least 0.9 times as fast. */
const MOST = 1.11;

export const storesUp: Suite = {
  name: 'stores-up',
  title: 'Seal into an object store, beside an upload of what is sealed',
  async run(bench) {
    const { scratch, weightseal, cache } = bench;
    const bytes = bench.size(2 * GIB);
    const runs = bench.runs(3, 5);
    // The server drops what was replaced only later.
    bench.need((2.2 + 2 * runs) * bytes);
    await using server = await ObjectServer.start(cache, scratch.path('server')).catch((error: Error) => {
      throw new Skipped(`SeaweedFS: ${error.message}`);
    });
    const { env } = server;
    const plain = scratch.plaintext('plain', bytes);
    await execute(weightseal.seal(plain, scratch.path('sealed')).argv);
    const force = '--force';
    const { output: _, ...seal } = weightseal.seal(plain, `s3://${BUCKET}/sealed`, [force]);
    const { output: __, ...bare } = weightseal.seal(plain, `s3://${BUCKET}/plain`, [force, ...BARE]);
    const target = `s3://${BUCKET}/copied`;
    const { output: ___, argv, ...cp } = weightseal.cp(scratch.path('sealed'), target);
    // To a name of its own each time: what is there already would not be copied again.
    const anew = [
      'bash',
      '-c',
      `"$@" ${target}-$RANDOM$RANDOM`,
      'cp',
      ...argv.filter((one) => one !== target),
    ];
    const commands = [seal, bare, { ...cp, argv: anew }].map((one) => ({ ...one, env }));
    const timings = await alternate(commands, { runs, bytes, scratch });
    return {
      timings,
      checks: [
        ratioAtMost('seal / cp', timings[0]!, timings[2]!, MOST),
        ratioAtMost('seal, bare / cp', timings[1]!, timings[2]!, MOST),
      ],
      notes: [
        'SeaweedFS on the same machine, in memory. Every part has its checksum sent and compared, in both.',
      ],
    };
  },
};

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, fasterAtLeast } from '../measure.ts';
import { type Command, execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { GIB } from '../sizes.ts';
import { median } from '../stats.ts';
import { Skipped, type Suite } from '../suite.ts';
import { has } from '../tools/system.ts';
import { TlsServer } from '../tools/tls-servers.ts';

const RANGES = 8;
const MODEL = 'model.sealed';

/** A release from one machine to another, beside what moves files there mostly. */
export const transit: Suite = {
  name: 'transit',
  title: 'Serve and pull, beside nginx and curl with the same TLS',
  async run(bench) {
    const { scratch, weightseal } = bench;
    for (const tool of ['nginx', 'curl'])
      if (!(await has(tool))) throw new Skipped(`there is no ${tool} here`);
    const bytes = bench.size(GIB);
    bench.need(3.2 * bytes);
    const [models, tls] = [scratch.path('models'), scratch.path('tls')];
    mkdirSync(models);
    await execute(weightseal.devCa(tls).argv);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [pem, pub] = [join(tls, 'release.pem'), join(tls, 'release.pub.pem')];
    writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(pub, publicKey.export({ type: 'spki', format: 'pem' }));
    const sealed = join(models, MODEL);
    await execute(weightseal.seal(scratch.plaintext('plain', bytes), sealed).argv);
    await execute(weightseal.sign(sealed, pem).argv);
    scratch.remove('plain');
    await using ours = await TlsServer.weightseal(weightseal, models, tls);
    await using nginx = await TlsServer.nginx(models, tls);
    const output = scratch.path('output');
    const pull = (label: string, { url }: TlsServer) =>
      ({
        ...weightseal.pull(`${url}/${MODEL}`, join(output, MODEL), tls, pub),
        label,
        output,
      }) satisfies Command;
    const commands = [
      curl('nginx and curl', nginx.url, output, tls, 1),
      curl(`nginx and curl, ${RANGES} ranges at once`, nginx.url, output, tls, RANGES),
      curl('serve and curl', ours.url, output, tls, 1),
      pull('serve and pull', ours),
      pull('nginx and pull', nginx),
      curl('nginx and curl, without TLS', nginx.plainUrl!, output, tls, 1),
    ];
    for (const { argv } of [commands[0]!, commands[3]!]) {
      scratch.remove('output');
      mkdirSync(output);
      await execute(argv);
      expectSame(sealed, join(output, MODEL));
    }
    scratch.remove('output');
    const timings = await alternate(commands.map(inItsDirectory), { runs: bench.runs(3, 5), bytes, scratch });
    const [one, ranges, , pulled, , plain] = timings;
    const cost = median(one!.milliseconds) / median(plain!.milliseconds);
    return {
      timings,
      checks: [
        fasterAtLeast('serve and pull, times as fast as nginx and curl', pulled!, one!, 0.8),
        fasterAtLeast(`the same beside ${RANGES} ranges of curl`, pulled!, ranges!, 1.2),
      ],
      notes: [
        `Servers and clients share the processors, and write into memory. TLS 1.3, with certificates on both sides; pull verifies the signature and hashes all that comes, curl neither. TLS itself: nginx and curl take ${cost.toFixed(1)} times as long with it as without.`,
      ],
    };
  },
};

/** Each into a directory that is not there before. */
function inItsDirectory(command: Command): Command {
  return { ...command, argv: ['sh', '-c', 'mkdir "$0" && exec "$@"', command.output!, ...command.argv] };
}

function curl(label: string, url: string, output: string, tls: string, ranges: number): Command {
  const shown = [
    '--cacert',
    `${tls}/ca.pem`,
    '--cert',
    `${tls}/client.pem`,
    '--key',
    `${tls}/client-key.pem`,
  ];
  const from = `${url}/${MODEL}`;
  if (ranges === 1)
    return { label, output, argv: ['curl', '-sSf', ...shown, from, '-o', join(output, MODEL)] };
  const script = `size=$(curl -sSfI "$@" ${from} | tr -d '\\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p'); part=$(( (size + ${ranges} - 1) / ${ranges} ))
for n in $(seq 0 ${ranges - 1}); do curl -sSf "$@" -r $((n * part))-$(((n + 1) * part - 1)) ${from} -o ${output}/$n & done; wait`;
  return { label, output, argv: ['sh', '-c', script, 'sh', ...shown] };
}

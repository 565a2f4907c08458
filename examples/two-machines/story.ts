// From where a model is trained to where it serves: two machines, a bucket between them that is audited, and TLS with certificates on both sides.
import { randomBytes } from 'node:crypto';
import { appendFile, copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Machine } from '../signed-release/machine.ts';
import { issue, makeAuthority, makeSigningKey } from './authority.ts';
import { makeBucket } from './bucket.ts';
import { Cable, TRAINING } from './network.ts';
import { Server } from './server.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const quickstart = join(import.meta.dirname, '../quickstart');

function say(text = ''): void {
  console.log(text);
}

/** `1 high, 3 low`. */
function told(counts: Record<string, number>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.map(([severity, count]) => `${count} ${severity}`).join(', ') || 'none';
}

function must(is: boolean, what: string): void {
  if (!is) throw new Error(`not so: ${what}`);
}

/** Waits until so many bytes of what is being fetched lie there. */
async function somethingOf(directory: string, bytes: number): Promise<void> {
  for (;;) {
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    const sizes = files
      .filter((one) => one.isFile())
      .map((one) =>
        stat(join(one.parentPath, one.name)).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        ),
      );
    if ((await Promise.all(sizes)).some((size) => size >= bytes)) return;
  }
}

const root = await mkdtemp(join(tmpdir(), 'weightseal-machines-'));
try {
  await using cable = await Cable.plug();
  const bucket = await makeBucket(join(root, 'bucket'));
  const training = await Machine.named('training', root, { env: bucket.env });
  const serving = await Machine.named('serving', root, { through: cable.to });
  const at = `https://${TRAINING}:8443`;
  const tls = (name: string) => [
    '--tls-cert',
    `${name}.pem`,
    '--tls-key',
    `${name}-key.pem`,
    '--tls-ca',
    'servers-ca.pem',
  ];
  const signer = ['--public-key', 'release.pub.pem'];

  say(
    '1. Two machines that reach one another, and nothing else. Each has a certificate; the model is sealed, signed and uploaded.',
  );
  makeAuthority(training.home, 'servers');
  makeAuthority(training.home, 'fleet');
  makeAuthority(training.home, 'others');
  issue(training.home, 'servers', 'server', { purpose: 'serverAuth', is: `IP:${TRAINING}` });
  issue(training.home, 'fleet', 'node', { purpose: 'clientAuth', is: 'URI:spiffe://acme.example/serving/1' });
  issue(training.home, 'fleet', 'visitor', {
    purpose: 'clientAuth',
    is: 'URI:spiffe://acme.example/visitors/1',
  });
  makeSigningKey(training.home, 'release');
  issue(training.home, 'others', 'stranger', {
    purpose: 'clientAuth',
    is: 'URI:spiffe://acme.example/serving/1',
  });
  await training.must('keygen', 'models.key');
  await mkdir(training.at('digits'));
  await copyFile(join(quickstart, 'digits.onnx'), training.at('digits/digits.onnx'));
  await writeFile(training.at('digits/adapter.bin'), randomBytes(48 * MIB));
  await writeFile(training.at('digits/labels.json'), '["zero","one"]');
  const release = async (version: string, ...more: readonly string[]) => {
    const context = ['-c', 'model=acme/digits', '-c', `version=${version}`];
    await training.must(
      'seal',
      'digits',
      '-k',
      'local:models.key',
      ...context,
      '-o',
      `digits-${version}`,
      ...more,
    );
    await training.must('sign', `digits-${version}`, '-s', 'pem:release.pem');
    await training.must('cp', `digits-${version}`, `${bucket.at}/digits-${version}`);
  };
  await release('1');

  say('\n2. Where it lies is audited.');
  const audit = async () => {
    const judged = ['--sealed', '--keys', 'local:models.key', ...signer];
    const { code, stdout, stderr } = await training.does('audit', 'storage', bucket.at, ...judged, '--json');
    must(stdout !== '', `there is a report: ${stderr}`);
    const { counts } = JSON.parse(stdout) as { counts: Record<'failed' | 'unread', Record<string, number>> };
    say(`   exit code ${code}; failed ${told(counts.failed)}; unread ${told(counts.unread)}`);
    return counts.failed;
  };
  await audit();
  await bucket.protect(training);
  const left = await audit();
  must(!left['critical'] && !left['high'], 'nothing high is left once it is configured');

  say('\n3. It is served, to whom a rule names.');
  await writeFile(
    training.at('clients.json'),
    JSON.stringify({
      clients: [{ names: ['spiffe://acme.example/serving/*'], models: ['acme/*'], versions: ['**'] }],
    }),
  );
  const serve = [
    ...['serve', bucket.at, '--listen', `${TRAINING}:8443`, '--clients', 'clients.json', '--json'],
    ...['--tls-cert', 'server.pem', '--tls-key', 'server-key.pem', '--tls-ca', 'fleet-ca.pem'],
  ];
  let server = await Server.started(training, [...serve, '--client-rate', '24MiB']);
  try {
    for (const file of ['servers-ca.pem', 'release.pub.pem', 'models.key'])
      await copyFile(training.at(file), serving.at(file));
    for (const name of ['node', 'visitor', 'stranger'])
      for (const file of [`${name}.pem`, `${name}-key.pem`])
        await copyFile(training.at(file), serving.at(file));
    for (const [name, code] of [
      ['visitor', 'CLIENT_FORBIDDEN'],
      ['stranger', 'CERTIFICATE_UNTRUSTED'],
    ] as const) {
      const { code: exit } = await serving.does('pull', `${at}/digits-1`, 'never', ...signer, ...tls(name));
      must(exit !== 0, `the ${name} is refused`);
      await server.said(code);
      say(`   a ${name}: ${code}`);
    }

    say('\n4. The machine that serves pulls it; the server is killed meanwhile, and begun anew.');
    const first = [...['pull', `${at}/digits-1`, 'digits-1', '--json'], ...signer, ...tls('node')];
    const pulling = serving.does(...first);
    const early = await Promise.race([pulling, somethingOf(serving.home, MIB)]);
    must(!early, `it comes bit by bit: ${early?.stderr}`);
    await server.kill();
    server = await Server.started(training, serve);
    // Where it had given up before that, the same command goes on.
    const { code } = await pulling;
    const { fetchedSize } = JSON.parse(await serving.must(...first)) as { fetchedSize: number };
    must(fetchedSize < 48 * MIB, 'it began anew');
    const command = ['--', 'sha256sum', '{model}/digits.onnx'];
    const ran = await serving.must('run', 'digits-1', '-k', 'local:models.key', ...command);
    say(
      `   The pull that was cut off ${code === 0 ? 'went on by itself' : `ended with ${code}, and the next went on`}; it runs in memory: ${ran.slice(0, 16)}…`,
    );

    say('\n5. Version 2 has other labels; only what is new comes over the wire.');
    await appendFile(training.at('digits/labels.json'), '\n');
    await release('2', '--reuse', 'digits-1');
    const second = JSON.parse(
      await serving.must(
        'pull',
        `${at}/digits-2`,
        'digits-2',
        '--previous',
        'digits-1',
        ...signer,
        ...tls('node'),
        '--json',
      ),
    ) as { fetchedSize: number };
    must(second.fetchedSize < 512 * KIB, `${second.fetchedSize} bytes were fetched`);
    say(`   ${Math.round(second.fetchedSize / KIB)} KiB fetched, of 48 MiB.`);

    say('\n6. The key is rotated: the envelope alone is another.');
    await training.must('keygen', 'models.key', '--rotate');
    await training.must('rewrap', `${bucket.at}/digits-2`, '-k', 'local:models.key');
    await serving.must('pull', `${at}/digits-2`, 'digits-2', '--force', ...signer, ...tls('node'));
    const old = await serving.does('run', 'digits-2', '-k', 'local:models.key', ...command);
    must(old.code === 4, `the old version of the key opens it no more: ${old.stderr}`);
    await copyFile(training.at('models.key'), serving.at('models.key'));
    await serving.must('run', 'digits-2', '-k', 'local:models.key', ...command);
    say('   Pulled again, and only the new version of the key opens it.');
  } finally {
    await server.end();
  }
} finally {
  await rm(root, { recursive: true, force: true });
}

// A bucket, a model server that loads from it into memory, and new versions that appear in the bucket while it answers.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { Child } from '../model-server/child.ts';
import { Clients } from '../model-server/clients.ts';
import { answersOf, plainModels } from '../model-server/models.ts';
import { POINTER, Publisher } from './publish.ts';
import { s3Bucket } from './s3-bucket.ts';
import { webBucket } from './web-bucket.ts';

/** Why each of these is refused. */
const REFUSED = {
  tampered: 'MEMBER_TAMPERED',
  'of-another-model': 'CONTEXT_MISMATCH',
  'old-as-new': 'CONTEXT_MISMATCH',
  'no-model': 'MODEL_REFUSED',
  'not-there': 'INPUT_NOT_FOUND',
  '../../etc': 'POINTER_INVALID',
};

const say = (text: string) => console.log(text);

function must(is: boolean, what: string): void {
  if (!is) throw new Error(`not so: ${what}`);
}

const directory = await mkdtemp(join(tmpdir(), 'weightseal-bucket-'));
try {
  const { WEIGHTSEAL_EMULATOR_SEAWEEDFS: s3 } = process.env;
  await using bucket = s3 ? await s3Bucket(s3) : await webBucket(join(directory, 'bucket'));
  const path = join(directory, 'model.key');
  const key = await generateKeyFile(path);
  await mkdir(join(directory, 'publisher'));
  const publisher = new Publisher(bucket, join(directory, 'publisher'), [createLocalKey({ path })]);

  say(`1. Version 1 of a model is sealed into ${s3 ? bucket.uri : 'a directory that a web server serves'}.`);
  const models = await plainModels();
  const expected = { 1: await answersOf(models[1]), 2: await answersOf(models[2]) };
  await publisher.publish('1', models[1]);
  await publisher.point('1');

  say('\n2. A server loads it from there into memory.');
  await using child = new Child({
    ...bucket.env,
    PORT: '0',
    MODEL_SEALED: `${bucket.uri}/digits/`,
    MODEL_POINTER: `${bucket.uri}/${POINTER}`,
    MODEL_POINTER_EVERY_MS: '50',
    MODEL_KEYS: key,
    MODEL_NAME: 'digits',
  });
  const { port } = await child.logged('listening');
  const url = `http://127.0.0.1:${port}`;
  const { placement } = await child.logged('serving');
  must(placement !== undefined && placement.kind !== 'disk', 'the plaintext was in memory');

  say('\n3. Four clients ask without a pause; version 2 is published, and the pointer leads to it.');
  const clients = new Clients(url, expected, 4);
  await publisher.publish('2', models[2]);
  must((await clients.ask(0)) === '1', 'what is published is not served before the pointer says so');
  await publisher.point('2');
  await child.logged('serving');
  must((await clients.ask(0)) === '2', 'version 2 is served');
  say(`   version 1 answered ${clients.answers['1']} times, and then version 2.`);

  say('\n4. What must not be served.');
  await publisher.publish('tampered', models[1]);
  await publisher.tamper('tampered');
  await publisher.publish('of-another-model', models[1], { model: 'letters' });
  await publisher.publish('old-as-new', models[1], { version: '1' });
  await publisher.publish('no-model', Buffer.from('weights that no engine reads'));
  for (const [version, code] of Object.entries(REFUSED)) {
    await publisher.point(version);
    const { code: said } = await child.logged(code === 'POINTER_INVALID' ? 'pointer' : 'refused');
    say(`   ${version.padEnd(16)}  ${said}`);
    must(said === code, `${version} is refused with ${code}`);
    must((await clients.ask(0)) === '2', 'version 2 is still served');
  }
  const health = await fetch(`${url}/health`);
  const { refused }: { refused?: { version: string; code: string } } = (await health.json()) as object;
  must(health.ok && refused?.code !== undefined, '/health tells what is served, and what was refused');

  say('\n5. Back to version 1, by the pointer.');
  await publisher.point('1');
  await child.logged('serving');
  must((await clients.ask(0)) === '1', 'version 1 is served');
  await clients.stop();
  say(`   ${clients.total} answers in all, each equal to the plain model's of that version; none failed.`);
  child.process.kill('SIGTERM');
  must((await child.exitCode()) === 0, 'the server ends with 0');

  say('\n6. Without a server of ours: weightseal run.');
  const model = `${bucket.uri}/digits/2`;
  const command = [
    'run',
    model,
    '--key',
    key,
    '--context',
    'model=digits',
    '--context',
    'version=2',
    '--quiet',
  ];
  say(`   weightseal run ${s3 ? model : 'http://…/digits/2'} --key … -- sha256sum {model}/digits.onnx`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [bin(), ...command, '--', 'sha256sum', '{model}/digits.onnx'],
    { env: { ...process.env, ...bucket.env } },
  );
  const digest = createHash('sha256').update(models[2]).digest('hex');
  must(stdout.startsWith(digest), 'the command found the model');

  const secrets: string[] = (await readFile(path, 'latin1')).match(/[A-Za-z0-9+/_=-]{32,}/g) ?? [];
  secrets.push(...Object.values(bucket.env).filter((value) => /access-key/.test(value)));
  must(!secrets.some((secret) => child.log.includes(secret)), 'no key and no credential is in the log');
} finally {
  await rm(directory, { recursive: true });
}

function bin(): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve('weightseal/package.json')), 'dist/bin.js');
}

// A release that travels: machine A seals and signs it, somebody changes it in the store in every way, machine B opens only what was released, and only what is current.
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { classify } from '../quickstart/classify.ts';
import { Machine } from './machine.ts';

const countedKey = join(import.meta.dirname, 'counted-key.ts');
const quickstart = join(import.meta.dirname, '../quickstart');
const samples: { label: number; pixels: number[] }[] = JSON.parse(
  await readFile(join(quickstart, 'digits-samples.json'), 'utf8'),
);

function say(text = ''): void {
  console.log(text);
}

/** How many digits the opened model reads correctly. */
async function inference(directory: string): Promise<number> {
  const answers = await classify(
    join(directory, 'digits.onnx'),
    samples.map(({ pixels }) => pixels),
  );
  return samples.filter(({ label }, at) => {
    const row = answers.subarray(at * 10, at * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  }).length;
}

async function writeKeyPair(machine: Machine, name: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(machine.at(`${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(machine.at(`${name}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
}

async function flipOneBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}

const root = await mkdtemp(join(tmpdir(), 'weightseal-release-'));
try {
  const [a, b, mallory] = [
    await Machine.named('a', root),
    await Machine.named('b', root),
    await Machine.named('mallory', root),
  ];
  const store = join(root, 'store');
  await mkdir(store);
  const current = join(store, 'current');

  say('1. Machine A has a model, the key that seals, and the key that signs releases.');
  await a.must('keygen', 'models.key');
  await writeKeyPair(a, 'release');
  await mkdir(a.at('digits'));
  await copyFile(join(quickstart, 'digits.onnx'), a.at('digits/digits.onnx'));
  await writeFile(
    a.at('digits/labels.json'),
    '["zero","one","two","three","four","five","six","seven","eight","nine"]',
  );
  const seal = async (version: string, ...more: readonly string[]) => {
    const context = ['-c', 'model=acme/digits', '-c', `version=${version}`];
    const key = ['-k', 'counted:models.key', '--provider', `counted=${relative(a.home, countedKey)}`];
    await a.must('seal', 'digits', ...key, ...context, '-o', `digits-${version}`, ...more);
    await a.must('sign', `digits-${version}`, '-s', 'pem:release.pem');
    await a.must('cp', `digits-${version}`, join(store, `digits-${version}`));
    const publish = ['channel', 'publish', join(store, `digits-${version}`), '--channel', store];
    await a.must(...publish, '-s', 'pem:release.pem', '--expires', '30d');
    await rm(current, { recursive: true, force: true });
    await cp(join(store, `digits-${version}`), current, { recursive: true });
  };
  await seal('1');
  say('   Version 1 is sealed, signed, copied to the store, and published as the current one.');

  say(
    '\n2. Machine B, of another user, has the key that opens, and a policy: whose releases it trusts, and where it is said which is current.',
  );
  await copyFile(a.at('models.key'), b.at('models.key'));
  await copyFile(a.at('release.pub.pem'), b.at('release.pub.pem'));
  await writeFile(
    b.at('weightseal.config.yaml'),
    [
      `providers: { counted: { module: ${JSON.stringify(relative(b.home, countedKey))}, options: { log: asked } } }`,
      'keys: { models: "counted:models.key" }',
      'open: [models]',
      'trust:',
      '  - model: acme/*',
      '    signers: [{ key: release.pub.pem }]',
      '    minVersion: "1"',
      `    channel: ${JSON.stringify(store)}`,
      '',
    ].join('\n'),
  );
  await b.must('config', 'trust', '--quiet');
  const opens = async (as: string): Promise<void> => {
    await b.must('open', current, '-o', as, '--config', 'weightseal.config.yaml');
    const right = await inference(b.at(as));
    if (right < samples.length * 0.9) throw new Error(`only ${right} digits were read`);
    say(`   It opens it, and reads ${right} of ${samples.length} digits.`);
  };
  await opens('opened-1');

  say('\n3. Somebody who can write to the store changes the release, in five ways.');
  const sound = join(root, 'sound');
  await cp(current, sound, { recursive: true });
  await writeKeyPair(mallory, 'own');
  const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['the signature is taken away', () => unlink(join(current, 'weightseal.sig'))],
    ['it is signed by somebody else', () => mallory.must('sign', current, '-s', 'pem:own.pem', '--force')],
    ['the manifest names another digest', () => flipOneBit(join(current, 'weightseal.manifest.json'))],
    [
      'another bundle is put under manifest and signature',
      async () => {
        await mallory.must('keygen', 'own.key');
        await mkdir(mallory.at('evil'));
        await writeFile(mallory.at('evil/digits.onnx'), 'evil');
        const context = ['-c', 'model=acme/digits', '-c', 'version=1'];
        await mallory.must('seal', 'evil', '-k', 'local:own.key', ...context, '-o', 'evil.sealed');
        for (const name of ['weightseal.manifest.json', 'weightseal.sig'])
          await copyFile(join(sound, name), mallory.at(`evil.sealed/${name}`));
        await rm(current, { recursive: true });
        await rename(mallory.at('evil.sealed'), current);
      },
    ],
    [
      'the channel is taken away',
      () => rename(join(store, 'weightseal.channel.json'), join(root, 'channel.json')),
    ],
  ];
  for (const [how, change] of ways) {
    const before = await b.asked();
    await change();
    const { code, stdout, stderr } = await b.does(
      'open',
      current,
      '-o',
      'never',
      '--json',
      '--config',
      'weightseal.config.yaml',
    );
    const told =
      code === 8 && stdout === '' ? (JSON.parse(stderr) as { error: { code: string } }).error.code : '';
    if (told === '' || (await b.asked()) !== before)
      throw new Error(`${how}: it was not refused before a key: ${stderr}`);
    say(`   ${how}: ${told}, and no key was asked`);
    await rm(current, { recursive: true, force: true });
    await cp(sound, current, { recursive: true });
    await rename(join(root, 'channel.json'), join(store, 'weightseal.channel.json')).catch(() => {});
  }
  await opens('opened-again');

  say('\n4. Version 2 has other labels, and the same weights, which are not sealed or sent anew.');
  await copyFile(join(store, 'weightseal.channel.json'), join(root, 'channel-1.json'));
  await appendFile(a.at('digits/labels.json'), '\n');
  await seal('2', '--reuse', 'digits-1');
  say(`   ${(await a.must('diff', 'digits-1', 'digits-2')).trimEnd().split('\n').at(-1)}`);
  await opens('opened-2');

  say('\n5. The store is rolled back to version 1, which was signed too; and then the channel with it.');
  const rolledBack = async (expected: string) => {
    const before = await b.asked();
    const { code, stderr } = await b.does(
      'open',
      current,
      '-o',
      'never',
      '--json',
      '--config',
      'weightseal.config.yaml',
    );
    const told = (JSON.parse(stderr) as { error: { code: string } }).error.code;
    if (code !== 8 || told !== expected || (await b.asked()) !== before)
      throw new Error(`it was not refused: ${stderr}`);
    say(`   ${told}, and no key was asked`);
  };
  await rm(current, { recursive: true });
  await cp(sound, current, { recursive: true });
  await rolledBack('RELEASE_NOT_CURRENT');
  await copyFile(join(root, 'channel-1.json'), join(store, 'weightseal.channel.json'));
  await rolledBack('CHANNEL_ROLLED_BACK');
} finally {
  await rm(root, { recursive: true, force: true });
}

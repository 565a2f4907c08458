import { generateKeyPairSync } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/spec.js';
import { type Outcome, Sandbox } from './support/cli.js';
import { s3Server } from './support/s3-server.js';

/** What each command needs to succeed, one after the other in the same place. */
const WORDS: Readonly<Record<string, string>> = {
  keygen: 'k2',
  seal: 'model -k local:k --force',
  open: 'model.sealed -o copy -k local:k',
  verify: 'model.sealed -k local:k',
  inspect: 'model.sealed',
  bom: 'models.sealed',
  list: 'models.sealed -k local:k',
  rewrap: 'model.sealed -k local:k',
  reseal: 'model.sealed -k local:k',
  run: 'model.sealed -k local:k -- true',
  sweep: '.',
  ls: '.',
  cp: 'model.sealed copied.sealed',
  pull: 'dir://models/served.sealed pulled --unsigned --provider dir=./dir-store.mjs',
  'audit storage': 'models.sealed --keys local:k --fail-on never -o report.sarif --format sarif',
  'storage configure': 's3://models --fix --yes --only versioning --only customer-keys --undo-file undo.json',
  sign: 'model.sealed -s pem:signer.pem',
  'verify-signature': 'model.sealed --public-key signer.pub.pem',
  diff: 'models.sealed models.sealed',
  'channel publish': 'named.sealed --channel channel.json --expires 30d -s pem:signer.pem',
  'channel show': 'channel.json --public-key signer.pub.pem',
  'keys list': '',
  'keys check': 'local:k',
  'config show': '',
  'config trust': '',
  'config untrust': '',
  rotate: 'local:k',
  serve:
    'models.sealed --dev --listen 127.0.0.1:0 --admin 0 --tls-cert tls/server.pem --tls-key tls/server-key.pem --tls-ca tls/ca.pem --clients clients.json',
  'dev-ca': 'dev',
  completion: 'bash',
  help: 'seal',
  version: '',
};

/** The same with a directory. */
const OF_DIRECTORIES: Readonly<Record<string, string>> = {
  seal: 'models -k local:k --force',
  open: 'models.sealed -o copies -k local:k',
  verify: 'models.sealed -k local:k',
  inspect: 'models.sealed',
  rewrap: 'models.sealed -k local:k',
  reseal: 'models.sealed -k local:k',
  cp: 'models.sealed copied',
  sign: 'models.sealed -s pem:signer.pem',
  'verify-signature': 'models.sealed --public-key signer.pub.pem',
};

/** Of the table in README.md: the members, and the commands that have them. */
async function documented(): Promise<{ readonly members: string[]; readonly of: string[] }[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, table = ''] = /^\| member \| of \|.*\n\|[- |]+\|\n((?:\|.*\n)+)/m.exec(readme) ?? [];
  return table
    .trimEnd()
    .split('\n')
    .map((row) => row.split(' | '))
    .map(([members = '', of = '']) => ({
      members: [...members.matchAll(/`(\w+)`/g)].map(([, member]) => member!),
      of: of.split(', '),
    }));
}

/** Of everything in it, what is called so; the configurations of `config` are as they are written. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

/** One that serves goes on until it is told to end, once it has said where. */
async function outcomeOf(sandbox: Sandbox, name: string, words: string): Promise<Outcome> {
  if (name !== 'serve') return await sandbox.run(`weightseal ${name} ${words}`);
  const running = sandbox.start(`exec weightseal serve ${words}`);
  running.stdout.once('data', () => running.kill('SIGTERM'));
  return await running.outcome;
}

/** Of lines that are objects each: the last, with what was said first. */
function lastOf(said: string): object {
  const lines = said.trimEnd().split('\n');
  return { ...JSON.parse(lines[0]!), ...JSON.parse(lines.at(-1)!) };
}

/** A key that signs, and its public key. */
async function writeSigner(directory: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(directory, 'signer.pem'), secret, { mode: 0o600 });
  await writeFile(join(directory, 'signer.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
}

/** What says what is elsewhere in one word. */
const OTHER_WORDS = ['uri', 'file', 'in', 'out', 'source', 'target', 'primaryVersion', 'from', 'to'];

/** The plaintext's place is of Linux, and the command has standard output. */
const ELSEWHERE = ['run'];

test('every command prints one JSON object where it succeeds, and one where it fails', async () => {
  await using server = await s3Server();
  Object.assign(process.env, server.environment);
  await using sandbox = await Sandbox.create();
  await sandbox.run(
    "weightseal keygen k; echo w > model; printf 'keys: { mine: local:k }' > weightseal.config.yaml; weightseal config trust; weightseal seal model -k local:k; mkdir -p models/.git; cp model models; ln -s model models/link; weightseal seal models -k local:k; cp -r models named; weightseal dev-ca tls; weightseal seal named -k local:k -c model=named; mkdir -p store/models; cp -r models.sealed store/models/served.sealed",
  );
  await writeSigner(sandbox.path);
  await copyFile(new URL('support/dir-store.mjs', import.meta.url), join(sandbox.path, 'dir-store.mjs'));
  const rules = { clients: [{ names: ['dns:a'], models: ['**'] }] };
  await writeFile(join(sandbox.path, 'clients.json'), JSON.stringify(rules));
  const rows = await documented();
  const found = new Set<string>();
  expect(rows.length).toBeGreaterThan(15);
  expect(Object.keys(WORDS).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  const all = [
    ...COMMANDS.map(({ name }) => [name, WORDS[name]!] as const),
    ...Object.entries(OF_DIRECTORIES),
  ];
  for (const [name, line] of all) {
    if (ELSEWHERE.includes(name) && process.platform !== 'linux') continue;
    const words = line.includes(' -- ') ? line.replace(' -- ', ' --json -- ') : `${line} --json`;
    const { stdout, stderr, code } = await outcomeOf(sandbox, name, words);
    const [said, silent] = ELSEWHERE.includes(name) ? [stderr, stdout] : [stdout, stderr];
    expect({ name, code, silent }).toEqual({ name, code: 0, silent: '' });
    const value: unknown = name === 'serve' ? lastOf(said) : JSON.parse(said);
    expect(value, name).toBeTypeOf('object');
    const known = rows
      .filter(({ of }) => of.includes(name) || of[0]!.startsWith('all'))
      .flatMap((row) => row.members);
    expect(
      Object.keys(value as object).filter((member) => !known.includes(member)),
      `${name} prints what README.md does not say`,
    ).toEqual([]);
    for (const member of Object.keys(value as object)) found.add(member);
    if (!name.startsWith('config '))
      expect(namesIn(value).filter((one) => OTHER_WORDS.includes(one))).toEqual([]);
    const failed = await sandbox.run(`weightseal ${name} --json --nonsense`);
    expect({ name, code: failed.code, stdout: failed.stdout }).toEqual({ name, code: 2, stdout: '' });
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', class: 'usage' } });
  }
  // And the other way round, but for what these commands here have no reason to say.
  const notHere = [
    'otherCopy',
    // Of objects in stores: stores.txt.
    'read',
    'unlisted',
    // Of a server: pull.test.ts.
    'givenUp',
    'signal',
    'formerKeyVersion',
    'rotation',
    'deadlineMs',
    'hedgeMs',
    'providers',
    // Of Azure and Google, and of what fails: storage-configure.test.ts.
    'leftOut',
    'failed',
    'notTried',
  ];
  const more = ['code', 'class', 'when', 'advice', 'warnings', 'error', 'profile', 'keyVersion', 'open'];
  const documentedMembers = new Set(rows.flatMap(({ members }) => members));
  expect(
    [...documentedMembers].filter((member) => ![...found, ...notHere, ...more].includes(member)),
  ).toEqual([]);
});

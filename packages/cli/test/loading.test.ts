import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

const PACKAGE = /\/packages\/([a-z0-9-]+)\/dist\/|\/node_modules\/(?!\.pnpm)((?:@[^/]+\/)?[^/]+)\//g;

/** The packages of which the command evaluated something, as V8 itself counts its scripts. */
async function packagesOf(sandbox: Sandbox, command: string, code = 0): Promise<string[]> {
  const outcome = await sandbox.run(`rm -rf loaded; NODE_V8_COVERAGE=loaded ${command}`);
  expect(outcome).toMatchObject({ code });
  const directory = join(sandbox.path, 'loaded');
  const reports = await Promise.all(
    (await readdir(directory)).map((file) => readFile(join(directory, file), 'utf8')),
  );
  const urls = reports.flatMap((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  const packages = urls.flatMap((url) =>
    [...url.matchAll(PACKAGE)].map(([, ours, theirs]) => ours ?? theirs!),
  );
  return [...new Set(packages)].sort();
}

test('without a cloud key no provider of a cloud is loaded, and without a configuration nothing that reads one', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; echo weights > model');
  expect(await packagesOf(sandbox, 'weightseal --help')).toEqual(['cli']);
  expect(await packagesOf(sandbox, 'weightseal seal model --key local:k -q')).toEqual(['cli']);
  expect(await packagesOf(sandbox, 'weightseal open model.sealed -o copy --key local:k -q')).toEqual(['cli']);
});

test('without a URI of a store none is loaded, and with one only its own', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; echo weights > model; weightseal seal model --key local:k -q');
  for (const command of ['ls .', 'cp model.sealed copy', 'sweep .'])
    expect(await packagesOf(sandbox, `weightseal ${command} -q`)).toEqual(['cli']);
  const config = 'stores: { s3: { endpoint: "http://127.0.0.1:9", region: here, tuning: { attempts: 1 } } }';
  await sandbox.run(`printf '${config}' > c.yaml`);
  const keys = 'AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b';
  const s3 = await packagesOf(sandbox, `${keys} weightseal ls s3://bucket --config c.yaml`, 7);
  expect(s3).toContain('store-s3');
  expect(s3.filter((name) => /^store-(?!s3$)|^@azure|^@google/.test(name))).toEqual([]);
  // What speaks plain https is part of the command line itself.
  expect(await packagesOf(sandbox, 'weightseal inspect http://127.0.0.1:9/m', 7)).toEqual(['cli']);
});

test('an audit loads what audits, and of the clouds the one that is asked', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('mkdir models');
  const directory = await packagesOf(sandbox, 'weightseal audit storage models --fail-on never');
  expect(directory).toEqual(['cli', 'core', 'storage-audit']);
  const ofS3 = 'stores: { s3: { endpoint: "http://127.0.0.1:9", region: here, tuning: { attempts: 1 } } }';
  const google =
    'gs: { endpoint: "http://127.0.0.1:9", anonymous: true, tuning: { attempts: 1, requestTimeoutMs: 100 } }';
  await sandbox.run(`printf '${ofS3}' > s3.yaml; printf 'stores: { ${google} }' > gs.yaml`);
  const keys = 'AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b';
  const s3 = await packagesOf(
    sandbox,
    `${keys} weightseal audit storage s3://bucket --config s3.yaml --storage-only --fail-on never`,
  );
  expect(s3).toContain('@aws-sdk/client-s3');
  expect(s3.filter((name) => /^store-(?!s3$)|^@azure|^@google|^google-/.test(name))).toEqual([]);
  const gs = await packagesOf(
    sandbox,
    'weightseal audit storage gs://models --config gs.yaml --storage-only --fail-on never',
  );
  expect(gs).toContain('store-gcs');
  expect(gs.filter((name) => /^store-(?!gcs$)|^@azure|^@aws-sdk/.test(name))).toEqual([]);
});

test('a configuration loads what reads it, and only the providers of the keys that are used', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; echo weights > model');
  const config =
    'keys: { models: local:k, cloud: "vault://h/transit/keys/k" }\nrecipients: [{ keys: [models] }]\n';
  await sandbox.run(`printf '${config}' > weightseal.config.yaml && weightseal config trust`);
  expect(await packagesOf(sandbox, 'weightseal seal model -q')).toEqual(['cli', 'valibot', 'yaml']);
  const cloud = await packagesOf(sandbox, 'weightseal seal model -q --key cloud', 6);
  expect(cloud).toContain('kms-vault');
});

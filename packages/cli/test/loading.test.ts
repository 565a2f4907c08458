import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

const PACKAGE = /\/packages\/([a-z0-9-]+)\/dist\/|\/node_modules\/(?!\.pnpm)((?:@[^/]+\/)?[^/]+)\//g;

/** The packages of which the command evaluated something, as V8 itself counts its scripts. */
async function packagesOf(sandbox: Sandbox, command: string): Promise<string[]> {
  const outcome = await sandbox.run(`rm -rf loaded; NODE_V8_COVERAGE=loaded ${command}`);
  expect(outcome).toMatchObject({ code: 0 });
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

const LOCAL = ['cli', 'core', 'keys', 'kms-local'];

test('without a cloud key no provider of a cloud is loaded, and without a configuration nothing that reads one', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; echo weights > model');
  expect(await packagesOf(sandbox, 'weightseal --help')).toEqual(['cli']);
  expect(await packagesOf(sandbox, 'weightseal seal model --key local:k -q')).toEqual(LOCAL);
  expect(await packagesOf(sandbox, 'weightseal open model.sealed -o copy --key local:k -q')).toEqual(LOCAL);
  // By its real path: else a package that imports it from elsewhere would load it once more.
  expect(await packagesOf(sandbox, 'weightseal inspect model.sealed')).toEqual(['cli', 'core']);
});

test('a configuration loads what reads it, and only the providers of the keys that are used', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; echo weights > model');
  const config = 'keys: { models: local:k, cloud: "aws-kms://alias/a" }\nrecipients: [{ keys: [models] }]\n';
  await sandbox.run(`printf '${config}' > weightseal.config.yaml && weightseal config trust`);
  const loaded = await packagesOf(sandbox, 'weightseal seal model -q');
  expect(loaded).toEqual(['cli', 'config', 'core', 'keys', 'kms-local', 'valibot', 'yaml']);
});

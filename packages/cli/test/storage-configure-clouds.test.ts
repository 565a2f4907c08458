import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ACCOUNT, azure, OF, TOKEN } from '../../storage-audit/test/azure/server.js';
import { BUCKET, CRYPTO_KEY, KEY, NAME, POLICY } from '../../storage-audit/test/gcs/recorded.js';
import { Sandbox } from './support/cli.js';

const arm = await azure();

/** Recorded answers, of a bucket without versions until it gets them. */
let bucket: object = { ...BUCKET, versioning: { enabled: false } };
const google = createServer(async (request, response) => {
  const given = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
  const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
  const isKnown = request.headers.authorization === 'Bearer ya29.token';
  if (isKnown && request.method === 'PATCH' && search === `?ifMetagenerationMatch=${BUCKET.metageneration}`)
    bucket = { ...bucket, ...(JSON.parse(given) as object) };
  const answers: Readonly<Record<string, object>> = {
    [`/storage/v1/b/${NAME}`]: bucket,
    [`/storage/v1/b/${NAME}/iam`]: POLICY,
    [`/v1/${KEY}`]: CRYPTO_KEY,
  };
  response.writeHead(isKnown && answers[pathname] ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answers[pathname] ?? {}));
}).listen(0, '127.0.0.1');
await once(google, 'listening');
afterAll(() => google.close());

async function configured(config: string, words: string) {
  await using sandbox = await Sandbox.create();
  await writeFile(join(sandbox.path, 'c.mjs'), `export default ${config};\n`);
  const command = `weightseal storage configure ${words} --yes --json --config c.mjs`;
  const { stdout, stderr, code } = await sandbox.run(command);
  expect(stderr).toBe('');
  expect(stdout).not.toMatch(new RegExp(`${TOKEN}|ya29`));
  return { code, told: JSON.parse(stdout) as { applied?: readonly string[]; refused: readonly object[] } };
}

test('a bucket of Google, by the credentials of its store', async () => {
  const origin = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
  const client = `{ authClient: { getRequestHeaders: async () => new Headers({ authorization: 'Bearer ya29.token' }) }, apiEndpoint: '${origin}' }`;
  const words = `gs://${NAME} --management-endpoint ${origin} --key gcp-kms://${KEY}`;
  const { code, told } = await configured(`{ stores: { gs: { client: ${client} } } }`, words);
  expect(told).toMatchObject({ applied: ['versioning'], refused: [] });
  expect(code).toBe(0);
  expect(bucket).toMatchObject({ versioning: { enabled: true } });
});

test('an account of Azure, by the credentials of its store', async () => {
  arm.resources = { account: { ...ACCOUNT, minimumTlsVersion: 'TLS1_0', allowSharedKeyAccess: true } };
  const credential = `{ getToken: async () => ({ token: '${TOKEN}', expiresOnTimestamp: Date.now() + 3600000 }) }`;
  const account = `--subscription ${OF.subscription} --resource-group ${OF.resourceGroup}`;
  const words = `az://${OF.account}/models ${account} --management-endpoint ${arm.origin} --fix`;
  const { code, told } = await configured(`{ stores: { az: { credential: ${credential} } } }`, words);
  expect(told).toMatchObject({
    applied: ['minimum-tls'],
    refused: [],
    leftOut: [{ check: 'azure/shared-key' }],
  });
  expect(code).toBe(0);
  expect(arm.resources.account).toMatchObject({ minimumTlsVersion: 'TLS1_2', allowSharedKeyAccess: true });
});

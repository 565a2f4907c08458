import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { JsonReport } from '@weightseal/storage-audit';
import { afterAll, describe, expect, test } from 'vitest';
import { azure, OF, TOKEN } from '../../storage-audit/test/azure/server.js';
import { BUCKET, CRYPTO_KEY, KEY, NAME, POLICY } from '../../storage-audit/test/gcs/recorded.js';
import { Sandbox } from './support/cli.js';

const arm = await azure();

/** What Google answers at these paths, and who asked. */
const asked: (readonly [path: string, authorization: string | undefined])[] = [];
const google = createServer(({ url = '', headers }, response) => {
  asked.push([url, headers.authorization]);
  const answers: Readonly<Record<string, object>> = {
    [`/storage/v1/b/${NAME}?projection=full`]: BUCKET,
    [`/storage/v1/b/${NAME}/iam?optionsRequestedPolicyVersion=3`]: POLICY,
    [`/v1/${KEY}`]: CRYPTO_KEY,
  };
  const answer = answers[url];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? {}));
}).listen(0, '127.0.0.1');
await once(google, 'listening');
afterAll(() => google.close());
const origin = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;

async function audited(config: string, words: string) {
  await using sandbox = await Sandbox.create();
  await writeFile(join(sandbox.path, 'c.mjs'), `export default ${config};\n`);
  const { stdout, stderr, code } = await sandbox.run(
    `weightseal audit storage ${words} --storage-only --config c.mjs --json`,
  );
  expect(stderr).toBe('');
  expect(stdout).not.toContain(TOKEN);
  return { code, told: JSON.parse(stdout) as JsonReport };
}

const notPassed = ({ findings }: JsonReport) =>
  findings
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'unread')
    .map(({ check, outcome }) => `${check} ${outcome}`);

describe('how it is set up is asked by the credentials of the store', () => {
  test('in Google, of the bucket and of its key', async () => {
    const client = `{ authClient: { getRequestHeaders: async () => new Headers({ authorization: 'Bearer ya29.token' }) }, apiEndpoint: '${origin}' }`;
    const config = `{ stores: { gs: { client: ${client} } } }`;
    const words = `gs://${NAME}/llama --management-endpoint ${origin} --key gcp-kms://${KEY}`;
    const { code, told } = await audited(config, words);
    expect([code, notPassed(told)]).toEqual([0, []]);
    expect(new Set(asked.map(([, authorization]) => authorization))).toEqual(new Set(['Bearer ya29.token']));
    expect(asked.map(([path]) => path)).toContain(`/v1/${KEY}`);
    const other = await audited(config, `gs://${NAME} --management-endpoint ${origin} --key ${KEY}-2`);
    expect([other.code, notPassed(other.told)]).toEqual([13, ['gcs/default-key failed']]);
  });

  test('in Azure, of the account and its container', async () => {
    const credential = `{ getToken: async () => ({ token: '${TOKEN}', expiresOnTimestamp: Date.now() + 3600000 }) }`;
    const config = `{ stores: { az: { credential: ${credential} } } }`;
    const account = `--subscription ${OF.subscription} --resource-group ${OF.resourceGroup}`;
    const words = `az://${OF.account}/models ${account} --management-endpoint ${arm.origin}`;
    const { code, told } = await audited(config, words);
    expect([code, notPassed(told)]).toEqual([0, []]);
    const other = await audited(
      config,
      `az://${OF.account}/models --resource-group ${OF.resourceGroup} --subscription 00000000-0000-0000-0000-000000000000 --management-endpoint ${arm.origin} --sealed`,
    );
    expect(other.code).toBe(9);
    expect(other.told.findings.every(({ outcome }) => outcome === 'unread')).toBe(true);
  });
});

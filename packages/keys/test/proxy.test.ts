import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectProxy } from '@weightseal/fault-proxy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

const HOSTS = {
  'aws-kms://alias/models?region=eu-west-1': 'kms.eu-west-1.amazonaws.com',
  'gcp-kms://projects/weightseal-demo/locations/global/keyRings/r/cryptoKeys/k': 'cloudkms.googleapis.com',
  // The vault is asked first, without a token: it says where the login is.
  'azure-kv://no-such-vault.vault.azure.net/keys/k': 'no-such-vault.vault.azure.net',
  'vault://vault.example.com/transit/keys/models': 'vault.example.com',
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-proxy-'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const account = {
    type: 'service_account',
    project_id: 'weightseal-demo',
    client_email: 'test@weightseal-demo.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  await writeFile(join(directory, 'google.json'), JSON.stringify(account));
});
afterAll(() => rm(directory, { recursive: true }));

/** Wraps in a process of its own, since SDKs read the environment once. @returns what the error says, and whom the proxy was asked for */
async function wrap(uri: string, variables: (url: string) => NodeJS.ProcessEnv) {
  await using proxy = await connectProxy();
  const source = `
    import { keyFromUri } from '@weightseal/keys';
    const key = await keyFromUri(${JSON.stringify(uri)}, { deadlineMs: 30_000 });
    await key.wrap(new Uint8Array(32), { model: 'm' }).catch(({ code, message }) => console.log(code, message));
    process.exit();`;
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000000',
    AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000000',
    AZURE_CLIENT_SECRET: 'example',
    GOOGLE_APPLICATION_CREDENTIALS: join(directory, 'google.json'),
    ...variables(proxy.url),
  };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source], {
    cwd: import.meta.dirname,
    env,
  });
  return { said: stdout, asked: proxy.asked };
}

describe.concurrent.each(Object.entries(HOSTS))('%s', { timeout: 180_000 }, (uri, host) => {
  test.each(['HTTPS_PROXY', 'https_proxy'])('goes by the proxy that %s names', async (variable) => {
    const { said, asked } = await wrap(uri, (url) => ({ [variable]: url }));
    expect(asked, said).toContain(`${host}:443`);
    expect(said).toMatch(/^KEY_/);
  });

  test.each([
    ['HTTPS_PROXY', 'NO_PROXY'],
    ['https_proxy', 'no_proxy'],
  ])('goes by no proxy of %s for a host in %s', async (variable, except) => {
    const { asked } = await wrap(uri, (url) => ({ [variable]: url, [except]: host }));
    expect(asked).not.toContain(`${host}:443`);
  });

  test('goes by none where none is named', async () => {
    expect((await wrap(uri, () => ({}))).asked).toEqual([]);
  });
});

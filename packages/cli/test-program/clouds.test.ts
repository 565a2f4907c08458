import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectProxy } from '@weightseal/fault-proxy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeKms, REGION } from '../../kms-aws/test/fake-kms.js';
import { FakeVault } from '../../kms-vault/test/fake/server.js';

// The program for machines without Node, as `npx pnpm@12 check:program` builds it.
const program = process.env['WEIGHTSEAL_PROGRAM'] ?? '';
const MODEL = randomBytes(100_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-program-'));
  await writeFile(join(directory, 'model'), MODEL);
});
afterAll(() => rm(directory, { recursive: true }));

const weightseal = (env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
  promisify(execFile)(program, args, { cwd: directory, env: { HOME: directory, ...env } });

async function roundTrip(env: NodeJS.ProcessEnv, key: string): Promise<void> {
  const sealed = `${key.split(':')[0]}.sealed`;
  await weightseal(env, 'seal', 'model', '-o', sealed, '--key', key, '--context', 'model=m');
  await weightseal(env, 'open', sealed, '-o', `${sealed}.opened`, '--key', key, '--context', 'model=m');
  expect(MODEL.equals(await readFile(join(directory, `${sealed}.opened`)))).toBe(true);
}

describe.skipIf(program === '')('the SDKs in the program', { timeout: 30_000 }, () => {
  test('seal and open with a key of AWS KMS', async () => {
    await using kms = await FakeKms.start();
    const env = {
      AWS_ENDPOINT_URL_KMS: kms.url,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
    };
    await roundTrip(env, `aws-kms://${kms.key({ region: REGION }).arn}`);
    expect(kms.seen.map(({ operation }) => operation)).toContain('Decrypt');
  });

  test('seal and open with a key of Vault', async () => {
    await using vault = await FakeVault.start();
    vault.tokens.set('hvs.test', ['*']);
    vault.create('models');
    const { host } = new URL(vault.address);
    await roundTrip(
      { VAULT_ADDR: vault.address, VAULT_TOKEN: 'hvs.test' },
      `vault://${host}/transit/keys/models?tls=off`,
    );
  });

  // These two ask no server of ours, so that it is seen how far they come: to the service, behind a proxy.
  test.each(['https_proxy', 'HTTPS_PROXY'])('ask Google Cloud KMS behind %s', async (variable) => {
    await using proxy = await connectProxy();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = {
      type: 'service_account',
      project_id: 'weightseal-demo',
      client_email: 'test@weightseal-demo.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    };
    await writeFile(join(directory, 'google.json'), JSON.stringify(account));
    const env = { [variable]: proxy.url, GOOGLE_APPLICATION_CREDENTIALS: 'google.json' };
    const key = 'gcp-kms://projects/weightseal-demo/locations/global/keyRings/r/cryptoKeys/k';
    const sealing = weightseal(env, 'seal', 'model', '-o', 'google.sealed', '--key', key);
    await expect(sealing).rejects.toMatchObject({ code: 4, stderr: expect.stringContaining('KEY_') });
    expect(proxy.asked).toContain('cloudkms.googleapis.com:443');
  });

  test('ask Azure Key Vault', async () => {
    await using proxy = await connectProxy();
    const key = 'azure-kv://no-such-vault.vault.azure.net/keys/k';
    const sealing = weightseal(
      { HTTPS_PROXY: proxy.url },
      'seal',
      'model',
      '-o',
      'azure.sealed',
      '--key',
      key,
    );
    await expect(sealing).rejects.toMatchObject({ stderr: expect.stringContaining('KEY_') });
    expect(proxy.asked).toContain('no-such-vault.vault.azure.net:443');
  });
});

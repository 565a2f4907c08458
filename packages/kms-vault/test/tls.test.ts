import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVaultKey, type VaultTls } from '@weightseal/kms-vault';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { selfSigned } from './fake/certificate.js';
import { failureOf } from './fake/codes.js';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const CONTEXT = { model: 'bert' };
const dataKey = new Uint8Array(32).fill(7);

const server = await selfSigned('vault');
const client = await selfSigned('client');
const open = await FakeVault.start(server);
const mutual = await FakeVault.start({
  ...server,
  ca: client.cert,
  requestCert: true,
  rejectUnauthorized: true,
});
const directory = await mkdtemp(join(tmpdir(), 'weightseal-vault-tls-'));
const file = async (name: string, pem: string) => {
  await writeFile(join(directory, name), pem);
  return join(directory, name);
};
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await mutual[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
for (const fake of [open, mutual]) {
  fake.tokens.set(TOKEN, ['*']);
  fake.create('models');
}

const variables = ['CACERT', 'CLIENT_CERT', 'CLIENT_KEY', 'SKIP_VERIFY'];
beforeEach(() => {
  for (const name of variables.flatMap((one) => [`VAULT_${one}`, `BAO_${one}`])) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const roundTrip = async (fake: FakeVault, tls?: VaultTls) => {
  const key = createVaultKey({ address: fake.address, name: 'models', token: TOKEN, tls });
  const again = await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT);
  expect(Buffer.compare(again, dataKey)).toBe(0);
};

describe('TLS', () => {
  it('trusts the authority that the option names', () => roundTrip(open, { ca: server.cert }));

  it.each(['VAULT_CACERT', 'BAO_CACERT'])('trusts the authority in the file that %s names', async (name) => {
    vi.stubEnv(name, await file('ca.pem', server.cert));
    await roundTrip(open);
  });

  it('is agreed on once for the calls of a key', async () => {
    open.requests.length = 0;
    await roundTrip(open, { ca: server.cert });
    const [first, second] = open.requests.map(({ port }) => port);
    expect(second).toBe(first);
  });

  it('trusts no other, whatever the environment says', async () => {
    vi.stubEnv('VAULT_SKIP_VERIFY', 'true');
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const before = open.requests.length;
    for (const tls of [undefined, { ca: client.cert }]) {
      const { code, message } = await failureOf(() => roundTrip(open, tls));
      expect(code).toBe('KEY_UNAVAILABLE');
      expect(message).toContain('VAULT_CACERT');
    }
    expect(open.requests.length).toBe(before);
  });

  it('is not left out where the server has none', async () => {
    await using plain = await FakeVault.start();
    const address = plain.address.replace('http:', 'https:');
    const key = createVaultKey({ address, name: 'models', token: TOKEN });
    expect((await failureOf(() => key.wrap(dataKey, CONTEXT))).code).toBe('KEY_UNAVAILABLE');
  });

  it('shows the client certificate of the options', () =>
    roundTrip(mutual, { ca: server.cert, cert: client.cert, key: client.key }));

  it('shows the client certificate that the environment names', async () => {
    vi.stubEnv('VAULT_CACERT', await file('ca.pem', server.cert));
    vi.stubEnv('VAULT_CLIENT_CERT', await file('cert.pem', client.cert));
    vi.stubEnv('VAULT_CLIENT_KEY', await file('key.pem', client.key));
    await roundTrip(mutual);
  });

  it('without one is KEY_DENIED where the server wants one', async () => {
    const { code, message } = await failureOf(() => roundTrip(mutual, { ca: server.cert }));
    expect(code).toBe('KEY_DENIED');
    expect(message).toContain('VAULT_CLIENT_CERT');
  });

  it('says which file cannot be read, and reads it again the next time', async () => {
    const path = join(directory, 'late.pem');
    vi.stubEnv('VAULT_CACERT', path);
    const key = createVaultKey({ address: open.address, name: 'models', token: TOKEN });
    const { code, message } = await failureOf(() => key.wrap(dataKey, CONTEXT));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toContain('VAULT_CACERT');
    await file('late.pem', server.cert);
    await key.wrap(dataKey, CONTEXT);
  });

  it.each<[string, VaultTls]>([
    ['a certificate and a key that are none', { ca: server.cert, cert: 'x', key: 'y' }],
    ['the key of another certificate', { ca: server.cert, cert: client.cert, key: server.key }],
    ['an empty authority', { ca: '' }],
    ['an authority that is none', { ca: 'x' }],
  ])('refuses %s', async (_, tls) => {
    const { code, message } = await failureOf(() => roundTrip(open, tls));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toContain('PEM');
  });
});

import { connectProxy } from '@weightseal/fault-proxy';
import { createVaultKey } from '@weightseal/kms-vault';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { selfSigned } from './fake/certificate.js';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const HOST = 'vault.example.com';
const CONTEXT = { model: 'bert' };
const dataKey = new Uint8Array(32).fill(7);

const certificate = await selfSigned('vault', `DNS:${HOST},IP:127.0.0.1`);
const server = await FakeVault.start(certificate);
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => vi.unstubAllEnvs());
server.tokens.set(TOKEN, ['*']);
server.create('models');
const { port } = new URL(server.address);

const keyAt = (address: string, ca = certificate.cert) =>
  createVaultKey({ address, name: 'models', token: TOKEN, tls: { ca }, deadlineMs: 20_000 });

it('wraps and unwraps through a proxy, which sees nothing but TLS of the server that is meant', async () => {
  await using proxy = await connectProxy(Number(port));
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  const key = keyAt(`https://${HOST}:${port}`);
  const again = await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT);
  expect(Buffer.compare(again, dataKey)).toBe(0);
  expect(new Set(proxy.asked)).toEqual(new Set([`${HOST}:${port}`]));
});

it('takes no other certificate because a proxy stands in between', async () => {
  await using proxy = await connectProxy(Number(port));
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  const { cert } = await selfSigned('another', `DNS:${HOST}`);
  await expect(keyAt(`https://${HOST}:${port}`, cert).wrap(dataKey, CONTEXT)).rejects.toMatchObject({
    code: 'KEY_UNAVAILABLE',
  });
  await expect(keyAt(`https://other.example.com:${port}`).wrap(dataKey, CONTEXT)).rejects.toMatchObject({
    code: 'KEY_UNAVAILABLE',
  });
});

it('asks no proxy for a Vault on this machine', async () => {
  await using proxy = await connectProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  await keyAt(server.address).wrap(dataKey, CONTEXT);
  expect(proxy.asked).toEqual([]);
});

import { connectProxy } from '@weightseal/fault-proxy';
import { createGcsStore, type GcsStoreOptions } from '@weightseal/store-gcs';
import { afterEach, expect, it, vi } from 'vitest';
import { call, codeOf, json, serving, storeAt } from './server.js';

afterEach(() => vi.unstubAllEnvs());

const storeWith = (options: Partial<GcsStoreOptions>) =>
  createGcsStore({ bucket: 'models', anonymous: true, endpoint: 'https://storage.example.com', ...options });

it('goes through the proxy that HTTPS_PROXY names, and through no other way', async () => {
  await using proxy = await connectProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  vi.stubEnv('NO_PROXY', '');
  expect(await codeOf(storeWith({}).stat('a', call))).toBe('STORE_UNAVAILABLE');
  expect(proxy.asked).toEqual(['storage.example.com:443']);
});

it('goes through the proxy that it is told', async () => {
  await using proxy = await connectProxy();
  expect(await codeOf(storeWith({ proxy: proxy.url }).stat('a', call))).toBe('STORE_UNAVAILABLE');
  expect(proxy.asked).toEqual(['storage.example.com:443']);
});

it('asks no proxy for a server on this machine', async () => {
  await using proxy = await connectProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  await using server = await serving((_, response) =>
    json(response, 200, { name: 'a', size: '1', generation: '1' }),
  );
  await storeAt(server.url).stat('a', call);
  expect(proxy.asked).toEqual([]);
});

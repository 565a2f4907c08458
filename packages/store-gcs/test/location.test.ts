import { createGcsStore, gcsLocationFromUri, provider } from '@weightseal/store-gcs';
import { describe, expect, it } from 'vitest';
import { call, json, serving } from './server.js';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return '';
};

describe('gs:// URIs', () => {
  it.each([
    ['gs://models/llama/model.sealed', 'gs://models', 'llama/model.sealed'],
    ['gs://models/llama/', 'gs://models', 'llama'],
    ['gs://models', 'gs://models', ''],
    ['gs://my.bucket_1/a%20b', 'gs://my.bucket_1', 'a%20b'],
  ])('%s', (uri, store, key) => {
    const location = gcsLocationFromUri(uri);
    expect([location.store.uri, location.key]).toEqual([store, key]);
  });

  it.each([
    'gs://',
    'gs://Models/a',
    'gs://u:p@models/a',
    'gs://models/a?x=1',
    'gs://models/a//b',
    's3://models/a',
  ])('%s is refused', (uri) => {
    expect(codeOf(() => gcsLocationFromUri(uri))).toBe('STORE_URI_INVALID');
  });

  it('are those of the provider', () => {
    expect(provider.scheme).toBe('gs');
    expect(provider.options).toContain('endpoint');
  });
});

it.each(['.', '..', '', 'a\ud800'])('the key %j, which no object has, is refused', async (key) => {
  const store = createGcsStore({ bucket: 'models', anonymous: true });
  const refused = { code: 'STORE_UNSUPPORTED' };
  await expect(store.stat(key, call)).rejects.toMatchObject(refused);
  await expect(store.put!(key, new Uint8Array(1), {}, call)).rejects.toMatchObject(refused);
  await expect(store.upload!(key, {}, call)).rejects.toMatchObject(refused);
});

describe('the options', () => {
  it.each<[string, object]>([
    ['an option that there is not', { bucket: 'models', region: 'x' }],
    ['no bucket', {}],
    ['an endpoint without TLS', { bucket: 'models', endpoint: 'http://example.com' }],
    ['an endpoint with a path', { bucket: 'models', endpoint: 'https://example.com/x' }],
    ['a proxy that is none', { bucket: 'models', proxy: 'proxy:3128' }],
    ['credentials, and none', { bucket: 'models', anonymous: true, clientOptions: { keyFilename: 'x' } }],
    ['a client and options', { bucket: 'models', client: { authClient: {} }, clientOptions: {} }],
  ])('%s is refused', (_, options) => {
    expect(codeOf(() => createGcsStore(options as { bucket: string }))).toBe('INVALID_ARGUMENT');
  });

  it('anonymous sends no credentials, and userProject who pays', async () => {
    await using server = await serving((_, response) =>
      json(response, 200, { name: 'a', size: 1, generation: 2, updated: '2026-11-28T04:00:00Z' }),
    );
    const store = createGcsStore({
      bucket: 'models',
      anonymous: true,
      endpoint: server.url,
      userProject: 'payer',
    });
    expect(await store.stat('a', call)).toEqual({
      key: 'a',
      size: 1,
      version: '2',
      modified: '2026-11-28T04:00:00.000Z',
    });
    const [seen] = server.seen;
    expect(seen?.headers.authorization).toBeUndefined();
    expect(seen?.url.searchParams.get('userProject')).toBe('payer');
    await store.close();
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azureLocationFromUri, createAzureStore, provider } from '@weightseal/store-azure';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, SAS, serving } from './server.js';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return '';
};

const KEY = Buffer.alloc(64, 7).toString('base64');

describe('az:// URIs', () => {
  it.each([
    ['az://seals/models/llama/model.sealed', 'az://seals/models', 'llama/model.sealed'],
    ['az://seals/models/llama/', 'az://seals/models', 'llama'],
    ['az://seals/models', 'az://seals/models', ''],
    ['az://seals/$web/a%20b', 'az://seals/$web', 'a%20b'],
  ])('%s', (uri, store, key) => {
    const location = azureLocationFromUri(uri);
    expect([location.store.uri, location.key]).toEqual([store, key]);
  });

  it.each([
    'az://seals',
    'az://Seals/models/a',
    'az://seals.blob.core.windows.net/models/a',
    'az://seals/Models/a',
    'az://seals/mo--dels/a',
    'az://u:p@seals/models/a',
    `az://seals/models/a?${SAS}`,
    'https://seals.blob.core.windows.net/models/a',
  ])('%s is refused', (uri) => {
    expect(codeOf(() => azureLocationFromUri(uri))).toBe('STORE_URI_INVALID');
  });

  it('are those of the provider', () => {
    expect(provider.scheme).toBe('az');
    expect(provider.options).toContain('sasToken');
  });
});

describe('the options', () => {
  const place = { account: 'seals', container: 'models' };

  it.each<[string, object]>([
    ['an option that there is not', { ...place, region: 'x' }],
    ['no container', { account: 'seals' }],
    ['two identities', { ...place, sasToken: SAS, accountKey: KEY }],
    ['a secret that is none', { ...place, accountKey: { env: '', file: 'x' } }],
    ['a proxy that is none', { ...place, proxy: 'proxy:3128' }],
    ['an endpoint without TLS', { ...place, endpoint: 'http://example.com' }],
    ['an endpoint with a signature', { ...place, endpoint: `https://example.com/?${SAS}` }],
  ])('%s is refused', (_, options) => {
    expect(codeOf(() => createAzureStore(options as typeof place))).toBe('INVALID_ARGUMENT');
  });
});

it.each(['a\\b', 'a/../b', './a', '', 'a\ud800'])(
  'the key %j, which leads to another blob, is refused',
  async (key) => {
    const store = createAzureStore({ account: 'seals', container: 'models', anonymous: true });
    await expect(store.stat(key, call)).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' });
  },
);

describe('who asks', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function seenWith(options: object) {
    await using server = await serving((_, response) => {
      response.writeHead(200, { etag: '"1"', 'content-length': '1' }).end();
    });
    const place = { account: 'seals', container: 'models', endpoint: `${server.url}/seals` };
    await createAzureStore({ ...place, ...options }).stat('a', call);
    const { url, headers } = server.seen[0]!;
    return { search: url.search, authorization: headers.authorization ?? '' };
  }

  it('is nobody where that is told', async () => {
    expect(await seenWith({ anonymous: true })).toEqual({ search: '', authorization: '' });
  });

  it('signs with the account’s key', async () => {
    const { authorization } = await seenWith({ accountKey: KEY });
    expect(authorization).toMatch(/^SharedKey seals:/);
    expect(authorization).not.toContain(KEY);
  });

  it('has a signature, which may be got anew', async () => {
    let asked = 0;
    const sasToken = async () => `?${SAS}&n=${++asked}`;
    expect((await seenWith({ sasToken })).search).toContain('n=1');
  });

  it('has a secret that lies in a variable, or in a private file, and is got anew', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weightseal-azure-'));
    try {
      vi.stubEnv('MY_SAS', `${SAS}&n=1`);
      expect((await seenWith({ sasToken: { env: 'MY_SAS' } })).search).toContain('n=1');
      await writeFile(join(directory, 'key'), `${KEY}\n`, { mode: 0o600 });
      const fromFile = await seenWith({ accountKey: { file: 'key' }, directory });
      expect(fromFile.authorization).toMatch(/^SharedKey seals:/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each<[string, object]>([
    ['a variable that is not set', { sasToken: { env: 'NO_SUCH_VARIABLE' } }],
    ['a file that is not there', { accountKey: { file: '/no/such/file' } }],
    ['a key that is none', { accountKey: 'secret!' }],
  ])('is told of %s', async (_, options) => {
    await expect(seenWith(options)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:STORE_DENIED|INPUT_NOT_FOUND)$/),
    });
  });

  it('is who the variables of Azure’s command line name, of that account only', async () => {
    vi.stubEnv('AZURE_STORAGE_ACCOUNT', 'seals');
    vi.stubEnv('AZURE_STORAGE_KEY', KEY);
    expect((await seenWith({})).authorization).toMatch(/^SharedKey seals:/);
    vi.stubEnv('AZURE_STORAGE_KEY', '');
    vi.stubEnv('AZURE_STORAGE_SAS_TOKEN', SAS);
    expect((await seenWith({})).search).toContain('sig=');
    vi.stubEnv('AZURE_STORAGE_ACCOUNT', 'other');
    const credential = { getToken: async () => ({ token: 'x', expiresOnTimestamp: 0 }) };
    // A token is not sent without TLS: the SDK refuses.
    await expect(seenWith({ credential })).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) });
  });
});

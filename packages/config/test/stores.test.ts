// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Config,
  configStatus,
  loadConfig,
  storeLocation,
  storeSettings,
  trustConfig,
} from '@weightseal/config';
import { uriOf } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Folder, fromYaml } from './support/folder.js';

const NAME = 'weightseal.config.yaml';
/** A provider of stores whose places tell what they were given. */
const PROVIDER = `export const mine = { scheme: 'corp-store', options: ['endpoint', 'token', 'directory'],
  fromUri: (uri, given) => ({ key: uri.slice(13), given, store: { uri: 'corp-store://x', read() {}, stat() {}, close() {} } }) };`;

let url: string;
let seen: Record<string, unknown>[];
const server = createServer(({ url: path, headers }, response) => {
  seen.push({ path, ...headers });
  response.writeHead(200, { 'content-length': '10', etag: '"a"' }).end();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function askedWith(config: Config, path: string) {
  seen = [];
  const { store, key } = await storeLocation(config, `${url}${path}`);
  await store.stat(key, { signal: new AbortController().signal });
  await store.close();
  return seen[0];
}

describe('a store gets what the configuration says', () => {
  test('of its scheme and of each beginning of its URI, the longest last', async () => {
    const config = await fromYaml(
      `stores:
  http: { redirects: 1, tuning: { concurrency: 4, attempts: 2 } }
  "${url}": { headers: { x-team: a, authorization: "Bearer \${TOKEN}" }, tuning: { concurrency: 8 } }
  "${url}/models": { headers: { x-team: b } }
  "${url}/models-2": { headers: { x-team: c } }
`,
      { env: { TOKEN: 't' } },
    );
    expect(await askedWith(config, '/a')).toMatchObject({ 'x-team': 'a', authorization: 'Bearer t' });
    const below = await askedWith(config, '/models/a');
    // An option as a whole: what is said of the longer one need not know of the rest.
    expect(below).toMatchObject({ 'x-team': 'b' });
    expect(below).not.toHaveProperty('authorization');
    expect((await storeLocation(config, `${url}/a`)).tuning).toEqual({ concurrency: 8, attempts: 2 });
  });

  test('of the profile', async () => {
    const text = `stores: { "${url}": { query: "s=1" } }\nprofiles: { dev: {}, prod: { stores: { "${url}": { query: "s=2" } } } }\n`;
    expect(await askedWith(await fromYaml(text, { profile: 'dev' }), '/a')).toMatchObject({ path: '/a?s=1' });
    expect(await askedWith(await fromYaml(text, { profile: 'prod' }), '/a')).toMatchObject({
      path: '/a?s=2',
    });
  });

  test('and files by their paths from the configuration’s directory', async () => {
    await using folder = await Folder.with({ [NAME]: `stores: { "${url}": { query: { file: ./sas } } }` });
    await folder.write('sas', 'sig=x');
    const { chmod } = await import('node:fs/promises');
    await chmod(`${folder.path}/sas`, 0o600);
    expect(await askedWith(await folder.load({ path: NAME }), '/a')).toMatchObject({ path: '/a?sig=x' });
  });

  test('where the program has nothing to add or to say instead', async () => {
    const config = await fromYaml(`stores: { "${url}": { redirects: 2 } }`);
    const { tuning } = await storeLocation(config, `${url}/a`, { tuning: { attempts: 1 } });
    expect(tuning).toEqual({ attempts: 1 });
    await expect(
      storeLocation(config, `${url}/a`, { stores: { http: { redirect: 1 } } }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('and whatever asks the same service beside it is told the same', async () => {
    const config = await fromYaml(
      `stores: { s3: { region: here }, "s3://models": { endpoint: "https://s3.example", tuning: { attempts: 1 } } }`,
    );
    expect(storeSettings(config, 's3://models/llama')).toEqual({
      region: 'here',
      endpoint: 'https://s3.example',
    });
    expect(storeSettings(config, 's3://models-2')).toEqual({ region: 'here' });
    expect(storeSettings(config, 'gs://models')).toEqual({});
  });

  test('and nothing where it says nothing', async () => {
    expect(await askedWith(await fromYaml('deadlineMs: 5\n'), '/a')).toMatchObject({ path: '/a' });
  });
});

describe('stores of others', () => {
  const TEXT = `providers: { corp-store: { module: ./corp.mjs, options: { endpoint: e } } }
stores: { corp-store: { token: "\${TOKEN:-t}" }, "corp-store://x/b": { token: u } }\n`;

  test('come from the providers', async () => {
    await using folder = await Folder.with({ [NAME]: TEXT, 'corp.mjs': PROVIDER });
    const config = await folder.load({ path: NAME });
    const given = { endpoint: 'e', token: 't', directory: folder.path };
    expect(await storeLocation(config, 'corp-store://x/a')).toMatchObject({ key: 'x/a', given });
    expect(await storeLocation(config, 'corp-store://x/b')).toMatchObject({
      given: { ...given, token: 'u' },
    });
  });

  test('run no code before the configuration is trusted', async () => {
    const ran = 'globalThis.ranStore = true;';
    await using folder = await Folder.with({ [NAME]: TEXT, 'corp.mjs': `${ran}${PROVIDER}` });
    const places = { cwd: folder.path, env: folder.home };
    await expect(loadConfig(places)).rejects.toMatchObject({ code: 'CONFIG_UNTRUSTED' });
    await trustConfig(places);
    const config = await folder.load();
    expect(globalThis).not.toHaveProperty('ranStore');
    expect(uriOf(await storeLocation(config, 'corp-store://x/a'))).toBe('corp-store://x/x/a');
    expect(globalThis).toHaveProperty('ranStore');
  });
});

test('what a found configuration says of stores is told before it is trusted, with its hosts', async () => {
  const text = `stores:
  s3: { endpoint: "https://\${MINIO:-minio.example.com}:9000", pathStyle: true }
  https: { proxy: "http://user:pass@proxy.example.com:3128" }
  "https://models.example.com": { headers: { authorization: { env: MODELS_TOKEN } } }
`;
  await using folder = await Folder.with({ [NAME]: text });
  const { summary } = (await configStatus({ cwd: folder.path, env: folder.home }))!;
  expect(summary!.hosts).toEqual([
    '${MINIO}:9000',
    'minio.example.com:9000',
    'models.example.com',
    'proxy.example.com:3128',
  ]);
  expect(summary!.variables).toEqual(['MINIO', 'MODELS_TOKEN']);
  expect(summary!.layers[0]!.stores!.map(({ of }) => of)).toEqual([
    's3',
    'https',
    'https://models.example.com',
  ]);
});

test('what is shown of a configuration has none of its secrets, and all that says where they come from and go', async () => {
  const text = `stores:
  s3: { endpoint: "https://s3.example", credentials: { accessKeyId: HUSH1, secretAccessKey: HUSH2, sessionToken: HUSH3 } }
  "https://m.example": { headers: { authorization: "Bearer HUSH4", x-two: { env: TWO } }, query: "sig=HUSH5", proxy: "http://me:HUSH6@proxy.example" }
  "az://account": { sasToken: "sv=1&sig=HUSH7" }
  "az://other": { accountKey: { file: key.txt } }
  gs: { clientOptions: { credentials: { private_key: HUSH8, token_url: "https://token.example/x" } } }
`;
  await using folder = await Folder.with({ [NAME]: text });
  const status = await configStatus({ cwd: folder.path, env: folder.home });
  const { summary } = status!;
  expect(JSON.stringify(status)).not.toContain('HUSH');
  expect(summary!.hosts).toEqual(['m.example', 'proxy.example', 's3.example', 'token.example']);
  expect(summary!.variables).toEqual(['TWO']);
  expect(summary!.layers[0]!.stores).toContainEqual({
    of: 'https://m.example',
    options: {
      headers: { authorization: '…', 'x-two': { env: 'TWO' } },
      query: '…',
      proxy: 'http://…@proxy.example',
    },
  });
  expect(summary!.layers[0]!.stores).toContainEqual({
    of: 'az://other',
    options: { accountKey: { file: 'key.txt' } },
  });
});

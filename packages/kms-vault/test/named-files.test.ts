import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createVaultKey } from '@weightseal/kms-vault';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unanswered } from '../src/errors.js';
import { failureOf } from './fake/codes.js';

const VARIABLES = ['CACERT', 'CLIENT_CERT', 'CLIENT_KEY'].flatMap((name) => [`VAULT_${name}`, `BAO_${name}`]);
const TOKENS = ['VAULT_TOKEN', 'BAO_TOKEN', 'VAULT_ADDR', 'BAO_ADDR'];
const dataKey = new Uint8Array(32).fill(7);

const root = await mkdtemp(join(tmpdir(), 'weightseal-vault-files-'));
afterAll(() => rm(root, { recursive: true }));
let home: string;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(root, 'home-'));
  path = join(home, '.vault-token');
  vi.stubEnv('HOME', home);
  for (const name of [...VARIABLES, ...TOKENS]) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const places: Record<string, [place: () => Promise<unknown>, word: RegExp]> = {
  'a pipe': [async () => execFileSync('mkfifo', [path]), /not a regular file/],
  'a directory': [() => mkdir(path), /not a regular file/],
  'a device that never ends': [() => symlink('/dev/zero', path), /not a regular file/],
  'a file without end': [
    async () => {
      await writeFile(path, '');
      await truncate(path, 2 ** 40);
    },
    /bytes long/,
  ],
  'a circle of links': [() => symlink(path, path), /circle/],
};

describe.runIf(process.platform === 'linux').each(Object.entries(places))(
  '%s is not read, and not waited for',
  (_, [place, word]) => {
    it.each(VARIABLES)('where %s names it', async (name) => {
      await place();
      vi.stubEnv(name, path);
      const key = createVaultKey({ address: 'https://127.0.0.1:1', name: 'models', token: 'hvs.x' });
      const { code, message } = await failureOf(() => key.wrap(dataKey, {}));
      expect(code).toBe('INVALID_ARGUMENT');
      expect(message).toContain(name);
      expect(message).toMatch(word);
    });

    it('where the token is looked for', async () => {
      await place();
      const key = createVaultKey({ address: 'http://127.0.0.1:1', name: 'models' });
      const { code, message } = await failureOf(() => key.wrap(dataKey, {}));
      expect(code).toBe('KEY_DENIED');
      expect(message).toContain('~/.vault-token');
      expect(message).toMatch(word);
    });
  },
);

it('a long bundle of authorities is read whole', async () => {
  const { selfSigned } = await import('./fake/certificate.js');
  const { FakeVault } = await import('./fake/server.js');
  const server = await selfSigned('vault');
  await using fake = await FakeVault.start(server);
  fake.tokens.set('hvs.x', ['*']);
  fake.create('models');
  await writeFile(path, `${'# nobody\n'.repeat(30_000)}${server.cert}`);
  vi.stubEnv('VAULT_CACERT', path);
  const key = createVaultKey({ address: fake.address, name: 'models', token: 'hvs.x' });
  expect(await key.unwrap(await key.wrap(dataKey, {}), {})).toEqual(dataKey);
});

it.runIf(process.allowedNodeEnvironmentFlags.has('--permission'))(
  'where Node may not read one, the flag is told (on a Node with --permission)',
  async () => {
    await writeFile(path, 'hvs.x');
    const source = fileURLToPath(new URL('support/wrap-once.mjs', import.meta.url));
    const repository = fileURLToPath(new URL('../../../', import.meta.url));
    const flags = ['--no-warnings', '--permission', `--allow-fs-read=${repository}`];
    const said = async (address: string, env: object) =>
      (
        await promisify(execFile)(process.execPath, [...flags, source, address], {
          env: { HOME: home, ...env },
        })
      ).stdout;
    expect(await said('http://127.0.0.1:1', {})).toMatch(/^KEY_DENIED .*--allow-fs-read/);
    const named = { VAULT_CACERT: path, VAULT_TOKEN: 'hvs.x', VAULT_ADDR: 'https://127.0.0.1:1' };
    expect(await said('https://127.0.0.1:1', named)).toMatch(/^INVALID_ARGUMENT .*--allow-fs-read/);
  },
);

it.each([
  [{ code: 'EMFILE' }, 'ulimit -n'],
  [{ code: 'ERR_ACCESS_DENIED', permission: 'Net' }, '--allow-net'],
])('what this machine does not give is not looked for at the server: %o', (said, word) => {
  const key = { uri: 'vault://127.0.0.1/transit/keys/models', mount: 'transit', name: 'models' };
  const asked = { key, operation: 'encrypt', token: undefined } as Parameters<typeof unanswered>[1];
  const { error } = unanswered(Object.assign(new Error('connect'), said), asked);
  expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringContaining(word) });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVaultKey, type VaultKeyOptions } from '@weightseal/kms-vault';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from './fake/codes.js';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const CONTEXT = { model: 'bert', version: '3' };
const BASE64_OF_CONTEXT = Buffer.from('{"model":"bert","version":"3"}').toString('base64');
const fake = await FakeVault.start();
afterAll(() => fake[Symbol.asyncDispose]());
fake.tokens.set(TOKEN, ['*']);
fake.create('models');
fake.create('models', {}, 'team/a/transit/of/ours');

const home = await mkdtemp(join(tmpdir(), 'weightseal-vault-home-'));
afterAll(() => rm(home, { recursive: true }));
beforeEach(() => {
  fake.requests.length = 0;
  vi.stubEnv('HOME', home);
  for (const name of ['VAULT_TOKEN', 'BAO_TOKEN', 'VAULT_NAMESPACE', 'VAULT_ADDR', 'BAO_ADDR'])
    vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const key = (options: Partial<VaultKeyOptions> = {}) =>
  createVaultKey({ address: fake.address, name: 'models', token: TOKEN, ...options });
const dataKey = new Uint8Array(32).fill(7);
const usedToken = () => fake.requests.at(-1)?.headers['x-vault-token'];

describe('the requests', () => {
  it('are one to wrap and one to unwrap', async () => {
    const wrapped = await key().wrap(dataKey, CONTEXT);
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/transit/encrypt/models',
    ]);
    await key().unwrap(wrapped, CONTEXT);
    expect(fake.requests.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/transit/decrypt/models',
    ]);
  });

  it('bind the context as associated data and for derivation, and hold key and digest', async () => {
    await key().wrap(dataKey, CONTEXT);
    const { plaintext, ...rest } = JSON.parse(fake.requests[0]!.body) as Record<string, string>;
    expect(rest).toEqual({ associated_data: BASE64_OF_CONTEXT, context: BASE64_OF_CONTEXT, type: 'none' });
    expect(Buffer.from(plaintext ?? '', 'base64').toString('hex')).toBe(
      // SHA-256("weightseal/vault/context/1" || 0x00 || {"model":"bert","version":"3"})
      `${'07'.repeat(32)}6233af8cb23356e007e3dfed1500bdf12e14b18d00c53360938216f1b4ddbb0e`,
    );
  });

  it('go to the mount and the namespace of the key', async () => {
    const one = key({ mount: 'transit/of/ours', namespace: 'team/a' });
    await one.unwrap(await one.wrap(dataKey, CONTEXT), CONTEXT);
    expect(fake.requests.map(({ path, headers }) => [path, headers['x-vault-namespace']])).toEqual([
      ['/v1/transit/of/ours/encrypt/models', 'team/a'],
      ['/v1/transit/of/ours/decrypt/models', 'team/a'],
    ]);
  });

  it('share a connection', async () => {
    const one = key();
    await one.unwrap(await one.wrap(dataKey, CONTEXT), CONTEXT);
    const [first, second] = fake.requests;
    expect(first?.port).toBe(second?.port);
  });

  it('never make a key, also where the token could', async () => {
    const { code, message } = await failureOf(() => key({ name: 'modles' }).wrap(dataKey, CONTEXT));
    expect(code).toBe('KEY_NOT_FOUND');
    expect(message).toContain('vault write -f transit/keys/modles');
    expect(fake.mounts.get('transit')?.has('modles')).toBe(false);
  });
});

describe('the wrap', () => {
  it('is the ciphertext of Transit as it is, with its version', async () => {
    const { ciphertext, keyVersion, algorithm, keyUri } = await key().wrap(dataKey, CONTEXT);
    expect(Buffer.from(ciphertext).toString()).toMatch(/^vault:v1:[A-Za-z0-9+/]{123}=$/);
    expect({ keyVersion, algorithm, keyUri }).toEqual({
      keyVersion: '1',
      algorithm: 'transit-aead/1',
      keyUri: key().uri,
    });
  });

  it.each([
    ['version 0, which Vault reads as 1', (text: string) => text.replace(':v1:', ':v0:')],
    ['a leading zero', (text: string) => text.replace(':v1:', ':v01:')],
    ['a line feed', (text: string) => `${text.slice(0, 40)}\n${text.slice(40)}`],
    ['another version than the slot says', (text: string) => text.replace(':v1:', ':v2:')],
    ['bits to spare', (text: string) => text.replace(/.=$/, (end) => (end === 'A=' ? 'B=' : 'Z='))],
    ['no padding', (text: string) => text.slice(0, -1)],
  ])('has one spelling: with %s nobody is asked', async (_, change) => {
    const wrapped = await key().wrap(dataKey, CONTEXT);
    const ciphertext = Buffer.from(change(Buffer.from(wrapped.ciphertext).toString()));
    fake.requests.length = 0;
    const { code, message } = await failureOf(() => key().unwrap({ ...wrapped, ciphertext }, CONTEXT));
    expect(code).toBe('UNWRAP_REJECTED');
    expect(message).toContain('Put back an intact copy');
    expect(fake.requests).toEqual([]);
  });

  it('of another layout is left alone', async () => {
    const wrapped = { ...(await key().wrap(dataKey, CONTEXT)), algorithm: 'transit-aead/2' };
    expect((await failureOf(() => key().unwrap(wrapped, CONTEXT))).code).toBe('UNWRAP_REJECTED');
  });

  it('that somebody else made with the same key is refused', async () => {
    const ciphertext = fake.mounts
      .get('transit')!
      .get('models')!
      .encrypt(Buffer.alloc(32), BASE64_OF_CONTEXT, BASE64_OF_CONTEXT);
    const wrapped = { ...(await key().wrap(dataKey, CONTEXT)), ciphertext: Buffer.from(ciphertext) };
    expect((await failureOf(() => key().unwrap(wrapped, CONTEXT))).code).toBe('UNWRAP_REJECTED');
  });
});

describe('the token', () => {
  it('comes from the option, VAULT_TOKEN, BAO_TOKEN, ~/.vault-token, in this order', async () => {
    const wrap = (token?: VaultKeyOptions['token']) => failureOf(() => key({ token }).wrap(dataKey, CONTEXT));
    vi.stubEnv('VAULT_ADDR', fake.address);
    await writeFile(join(home, '.vault-token'), 'from-file\n');
    vi.stubEnv('BAO_TOKEN', 'from-bao');
    vi.stubEnv('VAULT_TOKEN', 'from-vault');
    await wrap('from-option');
    expect(usedToken()).toBe('from-option');
    await wrap(async () => 'from-function');
    expect(usedToken()).toBe('from-function');
    await wrap();
    expect(usedToken()).toBe('from-vault');
    vi.stubEnv('VAULT_TOKEN', '');
    await wrap();
    expect(usedToken()).toBe('from-bao');
    vi.stubEnv('BAO_TOKEN', undefined);
    await wrap();
    expect(usedToken()).toBe('from-file');
    await rm(join(home, '.vault-token'));
    expect((await wrap()).code).toBe('KEY_DENIED');
    expect(usedToken()).toBeUndefined();
  });

  it('is looked for at each call', async () => {
    const one = key({ token: undefined });
    vi.stubEnv('BAO_ADDR', `${fake.address}/`);
    vi.stubEnv('VAULT_TOKEN', 'expired');
    expect((await failureOf(() => one.wrap(dataKey, CONTEXT))).code).toBe('KEY_DENIED');
    vi.stubEnv('VAULT_TOKEN', TOKEN);
    await one.wrap(dataKey, CONTEXT);
  });

  it.each([undefined, 'https://vault.example.com', 'vault'])(
    'of the environment does not go elsewhere than VAULT_ADDR, here %s',
    async (address) => {
      const asked = fake.requests.length;
      vi.stubEnv('VAULT_TOKEN', TOKEN);
      vi.stubEnv('VAULT_ADDR', address);
      const { code, message } = await failureOf(() => key({ token: undefined }).wrap(dataKey, CONTEXT));
      expect([code, fake.requests.length]).toEqual(['KEY_DENIED', asked]);
      expect(message).toContain(`VAULT_ADDR=${fake.address}`);
    },
  );

  it('with a line feed goes nowhere, and stays out of the error', async () => {
    const { code, message } = await failureOf(() =>
      key({ token: 'hvs.secret\nx-evil: 1' }).wrap(dataKey, CONTEXT),
    );
    expect(code).toBe('KEY_DENIED');
    expect(message).not.toContain('hvs');
    expect(fake.requests).toEqual([]);
  });

  it.each([5, null, {}, Buffer.from('t')])('that is none (%s) makes no key', async (token) => {
    const { code } = await failureOf(async () => key({ token: token as never }));
    expect(code).toBe('INVALID_ARGUMENT');
  });

  it.each([() => 5, () => '', () => undefined, () => ({ length: 1e10 })])(
    'that is none (%s) is KEY_DENIED, and no other is taken instead',
    async (token) => {
      vi.stubEnv('VAULT_TOKEN', TOKEN);
      vi.stubEnv('VAULT_ADDR', fake.address);
      const { code } = await failureOf(() => key({ token: token as never }).wrap(dataKey, CONTEXT));
      expect(code).toBe('KEY_DENIED');
      expect(fake.requests).toEqual([]);
    },
  );

  it('that its function does not give is KEY_DENIED', async () => {
    const token = () => Promise.reject(new Error('no login'));
    const error = await failureOf(() => key({ token }).wrap(dataKey, CONTEXT));
    expect(error.code).toBe('KEY_DENIED');
    expect(String(error.cause)).toBe('Error: no login');
  });
});

it('VAULT_NAMESPACE and VAULT_ADDR are not read, and the error says so', async () => {
  vi.stubEnv('VAULT_NAMESPACE', 'team/b');
  vi.stubEnv('VAULT_ADDR', 'https://vault.example.com');
  const { message } = await failureOf(() => key({ name: 'missing' }).wrap(dataKey, CONTEXT));
  expect(fake.requests[0]?.headers['x-vault-namespace']).toBeUndefined();
  expect(message).toContain('?namespace=');
});

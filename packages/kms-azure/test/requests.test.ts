import { randomBytes } from 'node:crypto';
import { CryptographyClient, KeyClient, type KeyVaultKey } from '@azure/keyvault-keys';
import { isWeightsealError, type WrappedKey } from '@weightseal/core';
import { azureKeyFromUri, createAzureKey } from '@weightseal/kms-azure';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LOGIN_HOST } from './fake/entra.js';
import { credentialAt, keysAt, OPERATIONS } from './fake/fixture.js';
import { loopback } from './fake/loopback.js';
import { aes, rsa, rsaPool } from './fake/material.js';
import { FakeAzure } from './fake/server.js';
import type { Vault } from './fake/vault.js';

const fake = await FakeAzure.start();
afterAll(() => fake[Symbol.asyncDispose]());
const identity = fake.entra.register(OPERATIONS);
const opener = fake.entra.register(['unwrapkey']);
const HOST = 'models.vault.azure.net';
const CONTEXT = { model: 'm', version: '1' };
const named = { vaultUrl: `https://${HOST}`, name: 'seal' };
const make = rsaPool();
let vault: Vault;

beforeEach(() => {
  vault = fake.vault(HOST);
  vault.create('seal', make);
  fake.requests.length = 0;
});

const toVault = () => fake.requests.filter((line) => !line.includes(LOGIN_HOST));
const version = (at: number) => vault.key('seal').versions.at(at)!.version;
const dataKey = () => Uint8Array.from(randomBytes(32));

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isWeightsealError(error) ? error.code : error === undefined ? undefined : String(error);
}

describe('the requests of a wrap', () => {
  it('read the key, and wrap with the version found, each after one challenge', async () => {
    await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    const wrap = `POST ${HOST} /keys/seal/${version(0)}/wrapkey`;
    expect(toVault()).toEqual([`GET ${HOST} /keys/seal/`, `GET ${HOST} /keys/seal/`, wrap, wrap]);
  });

  it('are two from the second wrap on, and follow a rotation', async () => {
    const key = keysAt(fake, identity)(named);
    await key.wrap(dataKey(), CONTEXT);
    fake.requests.length = 0;
    await key.wrap(dataKey(), CONTEXT);
    expect(fake.requests).toEqual([
      `GET ${HOST} /keys/seal/`,
      `POST ${HOST} /keys/seal/${version(0)}/wrapkey`,
    ]);
    vault.rotate('seal');
    expect(await key.wrap(dataKey(), CONTEXT)).toMatchObject({
      keyVersion: version(1),
      algorithm: 'RSA-OAEP-256',
    });
  });

  it('stay with the version that the URI names', async () => {
    vault.rotate('seal');
    const uri = `azure-kv://${HOST}/keys/seal/${version(0)}`;
    const { additionalPolicies } = loopback(fake.port, fake.certificate.cert);
    const key = azureKeyFromUri(uri, {
      credential: credentialAt(fake, identity),
      clientOptions: { additionalPolicies },
    });
    expect(await key.wrap(dataKey(), CONTEXT)).toMatchObject({ keyUri: uri, keyVersion: version(0) });
    const newer = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    expect(newer.keyVersion).toBe(version(1));
    expect(await codeOf(key.unwrap(newer, CONTEXT))).toBeUndefined();
  });
});

describe('the requests of an unwrap', () => {
  it('are the challenge and one more, and need no permission to read the key', async () => {
    const wrapped = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    const key = keysAt(fake, opener)(named);
    fake.requests.length = 0;
    await key.unwrap(wrapped, CONTEXT);
    await key.unwrap(wrapped, CONTEXT);
    expect(toVault()).toEqual(Array(3).fill(`POST ${HOST} /keys/seal/${version(0)}/unwrapkey`));
  });

  it('ask for one token where fifty calls want it', async () => {
    const wrapped = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    const key = keysAt(fake, opener)(named);
    fake.requests.length = 0;
    await Promise.all(Array.from({ length: 50 }, () => key.unwrap(wrapped, CONTEXT)));
    expect(fake.requests.filter((line) => line.startsWith(`POST ${LOGIN_HOST}`))).toHaveLength(1);
  });

  it('are none for a slot of another vault or key', async () => {
    const wrapped = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    for (const other of ['evil.vault.azure.net/keys/seal', `${HOST}/keys/other`]) {
      const slot: WrappedKey = { ...wrapped, keyUri: `azure-kv://${other}` };
      fake.requests.length = 0;
      const key = keysAt(fake, opener)(named);
      expect(await codeOf(key.unwrap(slot, CONTEXT))).toBe('UNWRAP_REJECTED');
      expect([key.fits!(wrapped), key.fits!(slot)]).toEqual([true, false]);
      expect(fake.requests).toEqual([]);
    }
  });

  it('are none for a slot whose URI names another version than it was made with', async () => {
    const wrapped = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    const key = keysAt(fake, opener)(named);
    const slot = (one: string): WrappedKey => ({ ...wrapped, keyUri: `${wrapped.keyUri}/${one}` });
    const contradicting = slot('f'.repeat(32));
    fake.requests.length = 0;
    expect([key.fits!(slot(wrapped.keyVersion)), key.fits!(contradicting)]).toEqual([true, false]);
    expect(await codeOf(key.unwrap(contradicting, CONTEXT))).toBe('UNWRAP_REJECTED');
    expect(fake.requests).toEqual([]);
  });

  it('open in a vault to which a backup was restored, where the key says so', async () => {
    const secret = dataKey();
    const wrapped = await keysAt(fake, identity)(named).wrap(secret, CONTEXT);
    fake.vault('restored.vault.azure.net').restore('seal', vault);
    const key = keysAt(
      fake,
      opener,
    )({
      ...named,
      vaultUrl: 'https://restored.vault.azure.net',
      formerUris: [wrapped.keyUri],
    });
    expect(key.fits!(wrapped)).toBe(true);
    expect(Buffer.compare(await key.unwrap(wrapped, CONTEXT), secret)).toBe(0);
  });

  it.each([
    ['a version that climbs', { keyVersion: '../../others/0123456789abcdef0123456789abcdef' }],
    [
      'an id for a version',
      { keyVersion: 'https://evil.vault.azure.net/keys/x/0123456789abcdef0123456789abcdef' },
    ],
    ['no version', { keyVersion: '' }],
    ['another algorithm', { algorithm: 'RSA1_5' }],
    ['the algorithm of another layout', { algorithm: 'A256GCM' }],
    ['another layout', { ciphertext: new Uint8Array(257).fill(2) }],
    ['a ciphertext of 1024 bits', { ciphertext: new Uint8Array(129).fill(1) }],
  ])('are none for %s', async (_, change) => {
    const wrapped = await keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT);
    fake.requests.length = 0;
    expect(await codeOf(keysAt(fake, opener)(named).unwrap({ ...wrapped, ...change }, CONTEXT))).toBe(
      'UNWRAP_REJECTED',
    );
    expect(fake.requests).toEqual([]);
  });

  it('open what an expired version wrapped, which wraps no more', async () => {
    const key = keysAt(fake, identity)(named);
    const wrapped = await key.wrap(dataKey(), CONTEXT);
    vault.key('seal').versions[0]!.exp = 1;
    expect(await codeOf(key.unwrap(wrapped, CONTEXT))).toBeUndefined();
    expect(await codeOf(key.wrap(dataKey(), CONTEXT))).toBe('KEY_DISABLED');
  });
});

describe('the kind of key decides how it wraps', () => {
  const hsm = fake.vault('pool.managedhsm.azure.net');
  hsm.create('aes', aes);
  hsm.create('wraps', aes).versions[0]!.keyOps = ['wrapKey', 'unwrapKey'];
  hsm.create('rsa', () => rsa(3072, 'RSA-HSM'));
  hsm.create('small', () => rsa(1024));
  hsm.create('curve', () => ({ kty: 'EC' }));
  const inHsm = (name: string) => keysAt(fake, identity)({ vaultUrl: `https://${hsm.host}`, name });

  it.each([
    ['aes', 'A256GCM', 61],
    ['wraps', 'A256KW', 89],
    ['rsa', 'RSA-OAEP-256', 385],
  ])('%s: %s, %i bytes', async (name, algorithm, length) => {
    const wrapped = await inHsm(name).wrap(dataKey(), CONTEXT);
    expect(wrapped.algorithm).toBe(algorithm);
    expect(wrapped.ciphertext[0]).toBe(1);
    expect(wrapped.ciphertext).toHaveLength(length);
  });

  it.each(['small', 'curve'])('%s: refused', async (name) => {
    expect(await codeOf(inHsm(name).wrap(dataKey(), CONTEXT))).toBe('INVALID_ARGUMENT');
  });

  it.each([
    ['aes', 'RSA-OAEP-256'],
    ['rsa', 'A256GCM'],
  ] as const)('%s: refused as %s', async (name, algorithm) => {
    const key = keysAt(fake, identity)({ vaultUrl: `https://${hsm.host}`, name, algorithm });
    expect(await codeOf(key.wrap(dataKey(), CONTEXT))).toBe('INVALID_ARGUMENT');
  });
});

describe('a disabled key', () => {
  it('does not wrap, although the service would let it', async () => {
    vault.key('seal').versions[0]!.enabled = false;
    expect(await codeOf(keysAt(fake, identity)(named).wrap(dataKey(), CONTEXT))).toBe('KEY_DISABLED');
    expect(toVault().some((line) => line.includes('wrapkey'))).toBe(false);
  });
});

describe('clients that the caller made', () => {
  it('are used as they are', async () => {
    const { additionalPolicies } = loopback(fake.port, fake.certificate.cert);
    const credential = credentialAt(fake, identity);
    const keys = new KeyClient(named.vaultUrl, credential, { additionalPolicies });
    const made: (string | undefined)[] = [];
    const cryptography = (key: KeyVaultKey) => {
      made.push(key.id);
      return new CryptographyClient(key, credential, { additionalPolicies });
    };
    const key = createAzureKey({ ...named, clients: { keys, cryptography } });
    const secret = dataKey();
    const wrapped = await key.wrap(secret, CONTEXT);
    expect(Buffer.compare(await key.unwrap(wrapped, CONTEXT), secret)).toBe(0);
    expect(made).toEqual([`https://${HOST}/keys/seal/${version(0)}`]);
  });
});

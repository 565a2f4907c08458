import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineProvider, type KeyWrapper, type Signer, verifySignature } from '@weightseal/core';
import { keyFromUri, type Providers, SIGNER_SCHEMES, schemeOf, signerFromUri } from '@weightseal/keys';
import { generatePemKey } from '@weightseal/kms-local';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const MESSAGE = Buffer.from('a model');
const code = (expected: string, said = '') =>
  expect.objectContaining({ code: expected, message: expect.stringContaining(said) });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-signers-'));
  await generatePemKey(join(directory, 'release.pem'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('the URI of a signer gives the signer of its provider', () => {
  vi.stubEnv('WEIGHTSEAL_PKCS11_MODULE', '/opt/hsm/p11.so');

  test.for([
    'pem:release.pem',
    'aws-kms://alias/releases?region=eu-west-1',
    'gcp-kms://projects/my-models/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3',
    'azure-kv://my-models.vault.azure.net/keys/releases',
    'pkcs11:token=releases;object=k;type=private',
    'vault://vault.example.com/transit/keys/releases',
  ])('%s', async (uri) => {
    const signer = await signerFromUri(uri, { deadlineMs: 500, directory, prompt: async () => MESSAGE });
    expect(signer).toMatchObject({ provider: schemeOf(uri), uri });
    expect(SIGNER_SCHEMES).toContain(signer.provider);
    await expect(signerFromUri(uri, { deadlineMs: 0 })).rejects.toEqual(code('INVALID_ARGUMENT'));
  });

  test('whose relative path counts from the directory that is named', async () => {
    const signer = await signerFromUri('pem:release.pem', { directory });
    expect(signer.uri).toBe('pem:release.pem');
    expect(verifySignature(await signer.publicKey(), MESSAGE, await signer.sign(MESSAGE))).toBe(true);
    await expect(signerFromUri('pem:a?b', { directory })).rejects.toEqual(code('KEY_URI_INVALID'));
  });

  test('and the passphrase from a file in that directory, too', async () => {
    const passphrase = 'four words that count';
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
    await writeFile(join(directory, 'encrypted.pem'), privateKey.export(how), { mode: 0o600 });
    await writeFile(join(directory, 'phrase'), `${passphrase}\n`, { mode: 0o600 });
    const signer = await signerFromUri('pem:encrypted.pem', { directory, passphraseFile: 'phrase' });
    expect((await signer.sign(MESSAGE)).length).toBeGreaterThan(64);
  });

  test('with what is said for its provider, but for what is said of keys that wrap', async () => {
    const former = ['vault://old.example.com/transit/keys/releases'];
    const providers = { vault: { token: 'x', formerUris: former } };
    await signerFromUri('vault://vault.example.com/transit/keys/releases', { providers });
    const wrong = { 'aws-kms': { formerUris: former } };
    const uri = 'aws-kms://alias/releases?region=eu-west-1';
    await expect(signerFromUri(uri, { providers: wrong })).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('no signer', () => {
  test.for([
    ['local:models.key', 'Keys of local: wrap, and sign nothing; known are pem:, aws-kms:, '],
    ['passphrase:', 'Keys of passphrase: wrap'],
    ['release.pem', 'A private key in PEM is pem:<path>.'],
    ['aws://k', 'Did you mean aws-kms:?'],
    ['constructor:k', 'No provider has signers of constructor:'],
  ] as const)('has the URI %s', async ([uri, said]) => {
    await expect(signerFromUri(uri)).rejects.toEqual(code('PROVIDER_UNKNOWN', said));
  });

  test('is a key that wraps', async () => {
    await expect(keyFromUri('pem:release.pem')).rejects.toEqual(code('PROVIDER_UNKNOWN'));
  });

  test('comes of options that nobody knows', async () => {
    await expect(signerFromUri('pem:k', { formerUris: [] } as never)).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    );
    await expect(signerFromUri(7 as never)).rejects.toEqual(code('INVALID_ARGUMENT'));
    const providers = { pem: '@corp/pem' } as Providers;
    await expect(signerFromUri('pem:k', { providers })).rejects.toEqual(code('INVALID_ARGUMENT', 'pem:'));
  });
});

describe('a provider of another', () => {
  const key = (uri: string): KeyWrapper => ({
    provider: 'corp-kms',
    uri,
    wrap: () => Promise.reject(new Error('not asked here')),
    unwrap: () => Promise.reject(new Error('not asked here')),
  });
  const signer = (uri: string): Signer => ({
    provider: 'corp-kms',
    uri,
    publicKey: async () => new Uint8Array(),
    sign: async () => new Uint8Array(),
  });
  const URI = 'corp-kms://releases';
  const from = (signerFromUri_: unknown, more: object = {}) => {
    const provider = defineProvider<{ endpoint?: string }>({
      scheme: 'corp-kms',
      options: ['endpoint'],
      fromUri: key,
      ...(signerFromUri_ !== undefined && { signerFromUri: signerFromUri_ as () => Signer }),
    });
    return signerFromUri(URI, { providers: { 'corp-kms': { module: provider, ...more } } });
  };

  test('makes signers beside its keys, of the same options', async () => {
    const given: unknown[] = [];
    const made = await from(
      (uri: string, options: object) => {
        given.push(options);
        return signer(uri);
      },
      { options: { endpoint: 'https://kms.corp.example' } },
    );
    expect(made.uri).toBe(URI);
    expect(given).toEqual([{ endpoint: 'https://kms.corp.example' }]);
  });

  test('that makes none, or none of its scheme, says so', async () => {
    await expect(from(undefined)).rejects.toEqual(code('PROVIDER_INVALID', 'none that sign'));
    for (const wrong of [
      undefined,
      {},
      key(URI),
      { ...signer(URI), uri: 'x:y' },
      { ...signer(URI), provider: 'x' },
    ])
      await expect(from(() => wrong)).rejects.toEqual(code('PROVIDER_INVALID', 'no signer of corp-kms'));
    expect(() =>
      defineProvider({ scheme: 'a', options: [], fromUri: key, signerFromUri: 7 as never }),
    ).toThrow(code('INVALID_ARGUMENT'));
  });
});

test('README.md has every option of signers', async () => {
  const source = await readFile(new URL('../src/signer-from-uri.ts', import.meta.url), 'utf8');
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, options = ''] = /export interface SignerOptions \{\n([\s\S]*?)^\}/m.exec(source) ?? [];
  const names = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name!);
  expect(names).toContain('passphraseFile');
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

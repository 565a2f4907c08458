import { isWeightsealError } from '@weightseal/core';
import { azureKeyFromUri, createAzureKey } from '@weightseal/kms-azure';
import { describe, expect, it } from 'vitest';

const VERSION = '0123456789abcdef0123456789abcdef';

function codeOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return isWeightsealError(error) ? error.code : String(error);
  }
}

describe('the URI of an Azure key', () => {
  it.each([
    'azure-kv://models.vault.azure.net/keys/seal',
    `azure-kv://models.vault.azure.net/keys/seal/${VERSION}`,
    'azure-kv://models.vault.azure.net:8443/keys/Seal-2',
    'azure-kv://pool.managedhsm.azure.net/keys/seal',
    'azure-kv://models.vault.usgovcloudapi.net/keys/seal',
    'azure-kv://pool.managedhsm.usgovcloudapi.net/keys/seal',
    'azure-kv://models.vault.azure.cn/keys/seal',
    'azure-kv://pool.managedhsm.azure.cn/keys/seal',
  ])('%s comes out as it went in', (uri) => {
    expect(azureKeyFromUri(uri).uri).toBe(uri);
  });

  it('has its host in lower case and no default port', () => {
    expect(azureKeyFromUri('azure-kv://Models.Vault.Azure.NET:443/keys/Seal').uri).toBe(
      'azure-kv://models.vault.azure.net/keys/Seal',
    );
  });

  it.each([
    ['another scheme', 'aws-kms://models.vault.azure.net/keys/seal'],
    ['no key', 'azure-kv://models.vault.azure.net'],
    ['no name', 'azure-kv://models.vault.azure.net/keys/'],
    ['a secret', 'azure-kv://models.vault.azure.net/secrets/seal'],
    ['more than a version', `azure-kv://models.vault.azure.net/keys/seal/${VERSION}/wrapkey`],
    ['a slash at the end', 'azure-kv://models.vault.azure.net/keys/seal/'],
    ['a version of another form', 'azure-kv://models.vault.azure.net/keys/seal/latest'],
    ['a version in upper case', `azure-kv://models.vault.azure.net/keys/seal/${VERSION.toUpperCase()}`],
    ['a name that climbs', 'azure-kv://models.vault.azure.net/keys/..'],
    ['an encoded name', 'azure-kv://models.vault.azure.net/keys/se%61l'],
    ['a name of 128 characters', `azure-kv://models.vault.azure.net/keys/${'a'.repeat(128)}`],
    ['a user', 'azure-kv://user:secret@models.vault.azure.net/keys/seal'],
    ['a parameter', 'azure-kv://models.vault.azure.net/keys/seal?api-version=7.4'],
    ['a fragment', 'azure-kv://models.vault.azure.net/keys/seal#1'],
    ['a port that is none', 'azure-kv://models.vault.azure.net:99999/keys/seal'],
    ['an empty port', 'azure-kv://models.vault.azure.net:/keys/seal'],
    ['no host', 'azure-kv:///keys/seal'],
  ])('is refused with %s', (_, uri) => {
    expect(codeOf(() => azureKeyFromUri(uri))).toBe('KEY_URI_INVALID');
  });

  it.each([
    'vault.azure.net',
    'models.vault.azure.net.evil.example',
    'evil-vault.azure.net',
    'models.vault.azure.net.',
    'a.b.vault.azure.net',
    'models.privatelink.vaultcore.azure.net',
    'localhost:8443',
    '127.0.0.1',
    '0x7f.1',
    '[::1]',
    'models.vault.azure.net\\.evil.example',
  ])('is refused for the host %s, which is none of Microsoft’s', (host) => {
    expect(codeOf(() => azureKeyFromUri(`azure-kv://${host}/keys/seal`))).toBe('KEY_URI_INVALID');
  });

  it('may name another host only where the caller trusts it, with its port', () => {
    const uri = 'azure-kv://vault.test:8443/keys/seal';
    expect(azureKeyFromUri(uri, { allowedHosts: ['vault.test:8443'] }).uri).toBe(uri);
    expect(codeOf(() => azureKeyFromUri(uri, { allowedHosts: ['vault.test'] }))).toBe('KEY_URI_INVALID');
  });

  it('shows in no message, since it may hold a secret', () => {
    expect(() => azureKeyFromUri('azure-kv://hunter2.example/keys/seal')).not.toThrow(/hunter2/);
  });
});

describe('the options of an Azure key', () => {
  it('make the same key as its URI', () => {
    const options = { vaultUrl: 'https://models.vault.azure.net/', name: 'seal', version: VERSION };
    expect(createAzureKey(options).uri).toBe(`azure-kv://models.vault.azure.net/keys/seal/${VERSION}`);
  });

  it.each([
    ['http', { vaultUrl: 'http://models.vault.azure.net' }],
    ['a path', { vaultUrl: 'https://models.vault.azure.net/keys' }],
    ['a user', { vaultUrl: 'https://user@models.vault.azure.net' }],
    ['another host', { vaultUrl: 'https://models.example' }],
    ['a bad name', { name: 'a/b' }],
    ['no name', { name: undefined as never }],
    ['a bad version', { version: 'latest' }],
    ['a deadline of nothing', { deadlineMs: 0 }],
  ])('are refused with %s', (_, wrong) => {
    const options = { vaultUrl: 'https://models.vault.azure.net', name: 'seal', ...wrong };
    expect(codeOf(() => createAzureKey(options))).toBe('INVALID_ARGUMENT');
  });
});

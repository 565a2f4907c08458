import { createVaultKey, vaultKeyFromUri } from '@weightseal/kms-vault';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf } from './fake/codes.js';

describe('the URI of a Vault key', () => {
  it.each([
    'vault://vault.example.com/transit/keys/models',
    'vault://vault.example.com:8200/transit/keys/models',
    'vault://vault.example.com/teams/ml/transit/keys/models-1.2_3',
    'vault://vault.example.com/keys/keys/keys',
    'vault://vault.example.com/transit/keys/models?namespace=admin/ml',
    'vault://127.0.0.1:8200/transit/keys/models?tls=off',
    'vault://[::1]:8200/transit/keys/models?namespace=ml&tls=off',
    'vault://localhost:8100/transit/keys/models?tls=off',
    'vault://[2001:db8::1]:8200/transit/keys/models',
  ])('%s comes out as it went in', (uri) => {
    expect(vaultKeyFromUri(uri).uri).toBe(uri);
  });

  it('has its host in lower case, no default port, and its parameters in order', () => {
    const written = 'vault://Vault.Example.COM:443/transit/keys/Models';
    expect(vaultKeyFromUri(written).uri).toBe('vault://vault.example.com/transit/keys/Models');
    const swapped = 'vault://127.0.0.1:80/transit/keys/m?tls=off&namespace=ml';
    expect(vaultKeyFromUri(swapped).uri).toBe('vault://127.0.0.1/transit/keys/m?namespace=ml&tls=off');
  });

  it('is made of address, namespace, mount and name', () => {
    const address = 'https://vault.example.com:8200/';
    expect(createVaultKey({ address, name: 'models' }).uri).toBe(
      'vault://vault.example.com:8200/transit/keys/models',
    );
    expect(createVaultKey({ address, name: 'm', mount: 'a/b', namespace: 'c/d' }).uri).toBe(
      'vault://vault.example.com:8200/a/b/keys/m?namespace=c/d',
    );
    expect(createVaultKey({ address: 'http://127.0.0.1:8200', name: 'm' }).uri).toBe(
      'vault://127.0.0.1:8200/transit/keys/m?tls=off',
    );
  });

  it.each([
    ['another scheme', 'https://vault.example.com/transit/keys/models'],
    ['no key', 'vault://vault.example.com'],
    ['no mount', 'vault://vault.example.com/keys/models'],
    ['no collection', 'vault://vault.example.com/transit/models'],
    ['another collection', 'vault://vault.example.com/transit/encrypt/models'],
    ['the path of the API', 'vault://vault.example.com/transit/keys/models/rotate'],
    ['a slash at the end', 'vault://vault.example.com/transit/keys/models/'],
    ['an empty segment', 'vault://vault.example.com//transit/keys/models'],
    ['a mount that climbs', 'vault://vault.example.com/transit/../sys/keys/models'],
    ['an encoded name', 'vault://vault.example.com/transit/keys/mod%65ls'],
    ['a name that Vault does not take', 'vault://vault.example.com/transit/keys/-models'],
    ['a name that climbs', 'vault://vault.example.com/transit/keys/..'],
    ['a user', 'vault://user:token@vault.example.com/transit/keys/models'],
    ['a token', 'vault://vault.example.com/transit/keys/models?token=hvs.secret'],
    ['a fragment', 'vault://vault.example.com/transit/keys/models#1'],
    ['a namespace with a slash at its end', 'vault://vault.example.com/transit/keys/models?namespace=ml/'],
    ['tls=on', 'vault://vault.example.com/transit/keys/models?tls=on'],
    ['a port that is none', 'vault://vault.example.com:99999/transit/keys/models'],
    ['an empty port', 'vault://vault.example.com:/transit/keys/models'],
    ['no host', 'vault:///transit/keys/models'],
    ['an address that URL would rewrite', 'vault://127.1/transit/keys/models?tls=off'],
    ['more than a file can hold', `vault://vault.example.com/${'a'.repeat(2048)}/keys/models`],
  ])('is refused with %s', async (_, uri) => {
    const { code, message } = await failureOf(() => vaultKeyFromUri(uri));
    expect(code).toBe('KEY_URI_INVALID');
    expect(message).not.toContain('secret');
  });

  it.each([
    'vault.example.com',
    '10.0.0.1',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '0.0.0.0',
    '[::2]',
  ])('goes without TLS to loopback only, and not to %s', async (host) => {
    const uri = `vault://${host}/transit/keys/models?tls=off`;
    expect((await failureOf(() => vaultKeyFromUri(uri))).code).toBe('KEY_URI_INVALID');
    const options = { address: `http://${host}`, name: 'models' };
    expect((await failureOf(() => createVaultKey(options))).code).toBe('INVALID_ARGUMENT');
  });

  it('comes out as itself or is KEY_URI_INVALID, whatever it says', () => {
    const pieces = [
      'vault.example.com',
      'Vault',
      '127.0.0.1',
      '0x7f.1',
      '[::1]',
      '[::ffff:7f00:1]',
      ':8200',
      ':80',
      ':443',
      '.',
      '..',
      '/',
      '/transit/keys/models',
      '/keys/',
      '%2e',
      '%2F',
      '@',
      '\\',
      '?tls=off',
      '&namespace=a/b',
      '?namespace=..',
      '#',
      'é',
      '_',
      '__proto__',
    ];
    const built = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), built), (body) => {
        const uri = `vault://${body}`;
        try {
          const again = vaultKeyFromUri(uri).uri;
          expect(vaultKeyFromUri(again).uri).toBe(again);
          const host = new URL(again.replace('vault:', 'https:')).hostname;
          expect(uri.toLowerCase().startsWith(`vault://${host}`)).toBe(true);
          expect(again).toMatch(
            /^vault:\/\/[\w.:[\]-]+(?:\/(?!\.{1,2}\/)[\w.~-]+)+\/keys\/\w[\w.-]*(?:\?|$)/,
          );
        } catch (error) {
          expect(error).toMatchObject({ code: 'KEY_URI_INVALID' });
        }
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    {},
    { address: 'https://a.example' },
    { address: 'https://a.example', name: null },
    { address: 'https://a.example', name: 5 },
    { address: 'https://a.example', name: 'm', mount: null },
    { address: 'https://a.example', name: 'm', mount: 5 },
    { address: 'https://a.example', name: 'm', namespace: { length: 1e10 } },
    { address: 5, name: 'm' },
  ])('is not made of %j', async (options) => {
    const { code } = await failureOf(() => createVaultKey(options as never));
    expect(code).toBe('INVALID_ARGUMENT');
  });

  it.each(['vault.example.com', 'https://vault.example.com/v1', 'https://u:p@vault.example.com', 'ftp://x'])(
    'is not made of the address %s',
    async (address) => {
      const { code } = await failureOf(() => createVaultKey({ address, name: 'models' }));
      expect(code).toBe('INVALID_ARGUMENT');
    },
  );
});

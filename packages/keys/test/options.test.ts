import { keyFromUri } from '@weightseal/keys';
import { createAwsKey } from '@weightseal/kms-aws';
import { createAzureKey } from '@weightseal/kms-azure';
import { createGcpKey } from '@weightseal/kms-gcp';
import { createLocalKey, createPassphraseKey } from '@weightseal/kms-local';
import { createPkcs11Key } from '@weightseal/kms-pkcs11';
import { createVaultKey } from '@weightseal/kms-vault';
import { describe, expect, test } from 'vitest';

const RING = 'projects/my-models/locations/global/keyRings/weights/cryptoKeys/models';
const PKCS11 = 'pkcs11:object=a?module-path=/opt/p11.so';

/** A misspelt option of each provider, with what was meant, and one that only the URI may say. */
const OPTIONS = [
  ['local:k', 'allowKeysOfOthers', 'allowKeyOfOthers', 'path'],
  ['passphrase:', 'script', 'scrypt', 'passphrase'],
  ['aws-kms://alias/a?region=eu-west-1', 'clientConfg', 'clientConfig', 'region'],
  [`gcp-kms://${RING}`, 'transprot', 'transport', 'name'],
  ['azure-kv://v.vault.azure.net/keys/a', 'allowedHost', 'allowedHosts', 'version'],
  [PKCS11, 'modul', 'module', 'token'],
  ['vault://h/transit/keys/a', 'tokne', 'token', 'namespace'],
] as const;

describe('an option that a provider does not know is refused, and not ignored', () => {
  test.for(OPTIONS)('%s', async ([uri, misspelt, meant, ofTheUri]) => {
    const scheme = uri.slice(0, uri.indexOf(':'));
    const withOption = (name: string) => keyFromUri(uri, { providers: { [scheme]: { [name]: undefined } } });
    await expect(withOption(misspelt)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `A key of ${scheme}: has no option "${misspelt}"; did you mean ${meant}?`,
    });
    await expect(withOption(ofTheUri)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(withOption(meant)).resolves.toMatchObject({ provider: scheme });
    await expect(withOption('deadlineMs')).resolves.toMatchObject({ provider: scheme });
  });

  test.each<[string, (more: object) => unknown]>([
    ['createLocalKey', (more) => createLocalKey({ path: 'k', ...more })],
    ['createPassphraseKey', (more) => createPassphraseKey({ passphrase: Buffer.from('x'), ...more })],
    ['createAwsKey', (more) => createAwsKey({ keyId: 'alias/a', ...more })],
    ['createGcpKey', (more) => createGcpKey({ name: RING, ...more })],
    [
      'createAzureKey',
      (more) => createAzureKey({ vaultUrl: 'https://v.vault.azure.net', name: 'a', ...more }),
    ],
    ['createPkcs11Key', (more) => createPkcs11Key({ module: '/opt/p11.so', object: 'a', ...more })],
    ['createVaultKey', (more) => createVaultKey({ address: 'https://h', name: 'a', ...more })],
  ])('by %s either', (_, make) => {
    expect(() => make({ deadlineMS: 5 })).toThrow('has no option "deadlineMS"; did you mean deadlineMs?');
    expect(() => make({ deadlineMs: 5 })).not.toThrow();
  });

  test('nor within an option', async () => {
    const vault = { tls: { cacert: '' } };
    const phrase = { scrypt: { N: 2 ** 14, r: 8, p: 1, cost: 3 } };
    await expect(keyFromUri('vault://h/t/keys/a', { providers: { vault } })).rejects.toThrow('"cacert"');
    await expect(keyFromUri('passphrase:', { providers: { passphrase: phrase } })).rejects.toThrow('"cost"');
  });

  test('nor of keyFromUri itself', async () => {
    await expect(keyFromUri('local:k', { deadlineMS: 5 } as object)).rejects.toThrow(
      'did you mean deadlineMs?',
    );
  });

  test('nor one of a provider that there is not', async () => {
    const providers = { 'aws-kmss': { client: {} } };
    await expect(keyFromUri('local:k', { providers })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'What `providers` has for aws-kmss: is no provider; did you mean aws-kms?',
    });
  });
});

test.for([
  'local:k?version=2',
  'passphrase:./k?x=y',
  'aws-kms://alias/a?regoin=eu-west-1',
  `gcp-kms://${RING}?x=y`,
  'azure-kv://v.vault.azure.net/keys/a?version=2',
  'pkcs11:object=a?module-path=/opt/p11.so&modul=x',
  'pkcs11:object=a;lable=b?module-path=/opt/p11.so',
  'vault://h/transit/keys/a?namspace=x',
])('a parameter that is not known is refused in a URI: %s', async (uri) => {
  await expect(keyFromUri(uri)).rejects.toMatchObject({ code: 'KEY_URI_INVALID' });
});

import type { WrappedKey } from '@weightseal/core';
import { pkcs11KeyFromUri } from '@weightseal/kms-pkcs11';
import { expect, it } from 'vitest';

function slot(keyUri: string, change: Partial<WrappedKey> = {}): WrappedKey {
  const ciphertext = new Uint8Array(61);
  ciphertext[0] = 1;
  return { keyUri, keyVersion: '0102', algorithm: 'AES-256-GCM', ciphertext, ...change };
}
// No such module: whatever reached the token would say so.
const keyOf = (uri: string) => pkcs11KeyFromUri(uri, { module: '/nowhere/libhsm.so', pin: 'x' });

it.each<[string, readonly string[], readonly string[]]>([
  [
    'pkcs11:token=models;object=llama',
    ['pkcs11:token=models;object=llama', 'pkcs11:object=llama', 'pkcs11:token=models;serial=1;id=%01%02'],
    [
      'pkcs11:object=llama;id=%01%03',
      'pkcs11:token=others;object=llama',
      'pkcs11:token=models;object=others',
      'pkcs11:',
      'local:x',
    ],
  ],
  [
    'pkcs11:token=models;serial=1;object=llama;id=%01%02',
    ['pkcs11:token=models;object=llama'],
    ['pkcs11:serial=2;object=llama', 'pkcs11:object=llama;id=%03'],
  ],
])('%s takes slots that may be of it, and asks for no other', async (uri, own, foreign) => {
  const key = keyOf(uri);
  for (const one of own) expect(key.fits!(slot(one)), one).toBe(true);
  for (const one of foreign) {
    expect(key.fits!(slot(one)), one).toBe(false);
    await expect(key.unwrap(slot(one), {})).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  }
});

it('takes no slot that no wrap of it looks like', () => {
  const uri = 'pkcs11:token=models;object=llama;id=%01%02';
  for (const change of [
    { keyVersion: '0103' },
    { keyVersion: '../x' },
    { algorithm: 'RSA' },
    { ciphertext: new Uint8Array(61) },
  ])
    expect(keyOf(uri).fits!(slot(uri, change))).toBe(false);
});

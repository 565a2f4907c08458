import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createPkcs11Signer, pkcs11SignerFromUri } from '@weightseal/kms-pkcs11';
import { describe, expect, it } from 'vitest';
import { ecPublicKey, rsaPublicKey } from '../src/cryptoki/spki.js';

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const number = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url');

/** CKA_EC_PARAMS, as the curve is named in DER. */
const CURVES = [
  ['P-256', '06082a8648ce3d030107'],
  ['P-384', '06052b81040022'],
  ['P-521', '06052b81040023'],
] as const;

describe('the public key of what a token tells', () => {
  it.each(CURVES)('of %s, with the point in an OCTET STRING or as it is', (namedCurve, parameters) => {
    for (let i = 0; i < 20; i++) {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve });
      const { x, y } = publicKey.export({ format: 'jwk' });
      const point = Buffer.concat([Uint8Array.of(4), number(x), number(y)]);
      const head = point.length < 128 ? [0x04, point.length] : [0x04, 0x81, point.length];
      for (const told of [point, Buffer.concat([Uint8Array.from(head), point])])
        expect(ecPublicKey(Buffer.from(parameters, 'hex'), told)).toEqual(spki(publicKey));
    }
  });

  it.each([512, 1024, 2048, 3072, 4096])(
    'of RSA of %i bits, with zeros before the numbers or without',
    (bits) => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
      const { n, e } = publicKey.export({ format: 'jwk' });
      const zeros = Buffer.alloc(3);
      expect(rsaPublicKey(number(n), number(e))).toEqual(spki(publicKey));
      const padded = [n, e].map((one) => Buffer.concat([zeros, number(one)])) as [Buffer, Buffer];
      expect(rsaPublicKey(...padded)).toEqual(spki(publicKey));
    },
  );

  it('is one that OpenSSL refuses where the point is none', () => {
    expect(ecPublicKey(Buffer.from(CURVES[0][1], 'hex'), Buffer.alloc(3)).length).toBeLessThan(64);
  });
});

describe('the URI of a signer', () => {
  const module = '/opt/hsm/p11.so';

  it('is of type=private, also where that is not said', () => {
    const normal = 'pkcs11:token=releases;object=k;type=private';
    for (const uri of ['pkcs11:object=k;token=releases', normal])
      expect(pkcs11SignerFromUri(uri, { module })).toMatchObject({ provider: 'pkcs11', uri: normal });
    expect(createPkcs11Signer({ module, token: 'releases', object: 'k' }).uri).toBe(normal);
  });

  it.each(['secret-key', 'public', 'cert'])('is of no other: type=%s', (type) => {
    expect(() => pkcs11SignerFromUri(`pkcs11:object=k;type=${type}`, { module })).toThrow(
      expect.objectContaining({ code: 'KEY_URI_INVALID', message: expect.stringContaining('type=private') }),
    );
  });

  it('has options that are known', () => {
    for (const options of [{ module }, { module, object: 'k', pim: '1' }, { object: 'k', module: 'p11.so' }])
      expect(() => createPkcs11Signer(options as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
  });
});

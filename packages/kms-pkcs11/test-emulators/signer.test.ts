import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { join } from 'node:path';
import { signerContract } from '@weightseal/kms-contract';
import { createPkcs11Signer, pkcs11SignerFromUri } from '@weightseal/kms-pkcs11';
import { describe as anyway, expect, it } from 'vitest';
import { CKA } from '../src/cryptoki/constants.js';
import {
  createToken,
  describeOnSoftHsm as describe,
  directory,
  importKey,
  importPair,
  library,
} from './support/softhsm.js';
import { generateSpecialPair } from './support/special-key.js';

const name = 'a signer in an HSM by PKCS#11 (SoftHSM2)';
const MESSAGE = Buffer.from('a model');
const spki = (key: KeyObject) =>
  Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }));

if (library === '') {
  describe(`${name} keeps the Signer contract`, () => it('on SoftHSM2', () => {}));
} else {
  const hanging = join(directory, 'hanging.so');
  const [token, other] = [createToken(), createToken()];
  // The loader waits for a writer for ever, as for a library on a dead mount.
  execFileSync('mkfifo', [hanging]);
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  await generateSpecialPair(token, [
    [CKA.LABEL, Buffer.from('disabled')],
    [CKA.ID, Uint8Array.of(1)],
    [CKA.SIGN, false],
  ]);
  const access = { module: library, token: token.label, pin: token.pin };
  const weak = importPair(token, rsa(1024));
  const keys = {
    'P-256': ec('P-256'),
    'P-384': ec('P-384'),
    'P-521': ec('P-521'),
    'RSA of 2048 bits': rsa(2048),
    'RSA of 3072 bits': rsa(3072),
  };

  for (const [kind, key] of Object.entries(keys)) {
    const options = { ...access, object: importPair(token, key).label };
    signerContract(
      { describe: anyway, it },
      {
        name: `${name}, ${kind},`,
        without: { asked: 'nobody counts what a module is asked; core does that once for all signers' },
        async setup() {
          return {
            signer: createPkcs11Signer(options),
            unfit: createPkcs11Signer({ ...options, object: weak.label }),
            slow: createPkcs11Signer({ ...options, module: hanging, deadlineMs: 800 }),
            missing: createPkcs11Signer({ ...options, object: 'nothing' }),
            denied: createPkcs11Signer({ ...options, token: other.label, pin: 'a wrong PIN, 24 characters' }),
            disabled: createPkcs11Signer({ ...options, object: 'disabled' }),
            unavailable: createPkcs11Signer({ ...options, module: '/nowhere/libhsm.so' }),
            secrets: async () => [Buffer.from(token.pin), Buffer.from('a wrong PIN, 24 characters')],
          };
        },
      },
    );
  }

  anyway('a private key on a token', () => {
    it.each(Object.entries(keys))('tells the public key that it has: %s', async (_, key) => {
      const { label, id } = importPair(token, key);
      const signer = pkcs11SignerFromUri(`pkcs11:token=${token.label};object=${label}`, {
        module: library,
        pin: token.pin,
      });
      expect(await signer.publicKey()).toEqual(spki(key));
      const byId = createPkcs11Signer({ ...access, id: Buffer.from(id, 'hex') });
      expect(await byId.publicKey()).toEqual(spki(key));
    });

    it('goes on signing when a newer one comes with the same label', async () => {
      const [older, newer] = [ec('P-256'), ec('P-256')];
      const { label } = importPair(token, older, undefined, '0a');
      const signer = createPkcs11Signer({ ...access, object: label });
      await signer.publicKey();
      importPair(token, newer, label, '0b');
      expect(verify('sha256', MESSAGE, createPublicKey(older), await signer.sign(MESSAGE))).toBe(true);
      expect(
        await createPkcs11Signer({ ...access, object: label, id: Uint8Array.of(0x0b) }).publicKey(),
      ).toEqual(spki(newer));
    });

    it('is not taken for the AES key with the same label', async () => {
      const { label } = importKey(token);
      const signer = createPkcs11Signer({ ...access, object: label });
      await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });

    it('cannot be told from another one with the same label and id', async () => {
      const { label } = importPair(token, ec('P-256'), undefined, '07');
      await generateSpecialPair(token, [
        [CKA.LABEL, Buffer.from(label)],
        [CKA.ID, Uint8Array.of(7)],
      ]);
      const signer = createPkcs11Signer({ ...access, object: label });
      await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });

    it('of a curve that is not taken signs nothing', async () => {
      const signer = createPkcs11Signer({ ...access, object: importPair(token, ec('secp256k1')).label });
      await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
    });
  });
}

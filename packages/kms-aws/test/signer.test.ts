import { createHash, generateKeyPairSync } from 'node:crypto';
import { closedPort } from '@weightseal/fault-proxy';
import { awsSignerFromUri, createAwsSigner } from '@weightseal/kms-aws';
import { signerContract } from '@weightseal/kms-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms, REGION } from './fake-kms.js';
import { SECRETS, signerAt } from './keys.js';

const kms = await FakeKms.start();
const silent = await FakeKms.start();
silent.silent = true;
const closed = `http://127.0.0.1:${await closedPort()}`;
afterAll(() => Promise.all([kms[Symbol.asyncDispose](), silent[Symbol.asyncDispose]()]));

const MESSAGE = Buffer.from('a model');
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const newKey = (keyUsage = 'SIGN_VERIFY') => kms.key({ keySpec: 'RSA_2048', keyUsage, pair });
const askedOf = (operation: string, ...names: readonly string[]) =>
  kms.seen.filter((one) => one.operation === operation && names.includes(String(one.input['KeyId'])));

signerContract(
  { describe, it },
  {
    name: 'a signer of AWS KMS',
    async setup() {
      const key = newKey();
      const [denied, disabled] = [newKey(), newKey()];
      kms.deny(denied, 'kms:GetPublicKey', 'kms:Sign');
      disabled.state = 'Disabled';
      return {
        signer: signerAt(kms.url, { keyId: key.arn }),
        asked: () => askedOf('GetPublicKey', key.arn).length,
        unfit: signerAt(kms.url, { keyId: kms.key().arn }),
        slow: signerAt(silent.url, { keyId: 'alias/silent', region: REGION, deadlineMs: 400 }),
        missing: signerAt(kms.url, { keyId: 'alias/missing', region: REGION }),
        denied: signerAt(kms.url, { keyId: denied.arn }),
        disabled: signerAt(kms.url, { keyId: disabled.arn }),
        unavailable: signerAt(closed, { keyId: key.arn }),
        secrets: async () => SECRETS,
      };
    },
  },
);

describe('a signer of AWS KMS', () => {
  it('sends a digest, and asks by the ARN that it found behind an alias', async () => {
    const key = newKey();
    kms.alias('releases', key);
    await signerAt(kms.url, { keyId: 'alias/releases', region: REGION }).sign(MESSAGE);
    expect(askedOf('Sign', key.arn).map(({ input }) => input)).toEqual([
      {
        KeyId: key.arn,
        Message: createHash('sha256').update(MESSAGE).digest('base64'),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256',
      },
    ]);
  });

  it.each([
    ['encrypts', 'RSA_2048', 'ENCRYPT_DECRYPT'],
    ['agrees on keys', 'ECC_NIST_P256', 'KEY_AGREEMENT'],
    ['signs by Ed25519, of which AWS KMS takes no digests', 'ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
  ])('is none with a key that %s', async (_, keySpec, keyUsage) => {
    const key = kms.key({ keySpec, keyUsage, pair });
    const call = signerAt(kms.url, { keyId: key.arn }).sign(MESSAGE);
    await expect(call).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
    expect(askedOf('Sign', key.arn)).toEqual([]);
  });

  it('names the permission that is missing, of each of its two calls', async () => {
    for (const permission of ['kms:GetPublicKey', 'kms:Sign']) {
      const key = newKey();
      kms.deny(key, permission);
      const call = signerAt(kms.url, { keyId: key.arn }).sign(MESSAGE);
      await expect(call).rejects.toMatchObject({
        code: 'KEY_DENIED',
        message: expect.stringContaining(`Grant it ${permission} `),
      });
    }
  });

  it('is named as a key is', () => {
    const uri = 'aws-kms://alias/releases?region=eu-central-1';
    expect(awsSignerFromUri(uri)).toMatchObject({ provider: 'aws-kms', uri });
    expect(() => awsSignerFromUri('aws-kms://releases')).toThrow(
      expect.objectContaining({ code: 'KEY_URI_INVALID' }),
    );
    for (const options of [{ keyId: 'releases' }, { keyId: 'alias/a', deadlineMs: 0 }, { keyID: 'alias/a' }])
      expect(() => createAwsSigner(options as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
  });
});

describe('an answer that is not of AWS KMS', () => {
  const named = { keyId: 'alias/releases', region: REGION };
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const arn = newKey().arn;
  const key = { KeyId: arn, PublicKey: spki, KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_2048' };
  const signature = {
    KeyId: arn,
    Signature: new Uint8Array(256),
    SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256',
  };

  it.each([
    ['names no key', { ...key, KeyId: undefined }, signature],
    ['has no public key', { ...key, PublicKey: undefined }, signature],
    ['has no signature', key, { ...signature, Signature: undefined }],
    ['signs with another key', key, { ...signature, KeyId: 'none' }],
    ['signs in another way', key, { ...signature, SigningAlgorithm: 'RSASSA_PSS_SHA_256' }],
    ['has a signature of something else', key, signature],
  ])('%s', async (_, found, signed) => {
    const send = async (command: object) => (command.constructor.name === 'SignCommand' ? signed : found);
    const signer = createAwsSigner({ ...named, client: { send } as never });
    await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
  });
});

import { createHash } from 'node:crypto';
import { signerContract } from '@weightseal/kms-contract';
import { createGcpSigner, gcpSignerFromUri } from '@weightseal/kms-gcp';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FakeKms, type Fields } from './fake-kms.js';
import { SECRETS } from './keys.js';
import { start, transports, unreachableSigner } from './servers.js';

const MESSAGE = Buffer.from('a model');

describe.each(transports)('over %s', async (transport) => {
  const kms = new FakeKms();
  const wire = await start(transport, kms);
  const silent = await start(transport, kms);
  silent.server.silent = true;
  afterAll(async () => {
    await wire[Symbol.asyncDispose]();
    await silent[Symbol.asyncDispose]();
  });
  const sound = kms.tamper;
  afterEach(() => {
    kms.tamper = sound;
  });
  const newKey = () => kms.key({ purpose: 'ASYMMETRIC_SIGN' });
  const first = ({ name }: { name: string }) => `${name}/cryptoKeyVersions/1`;
  const signer = (key = newKey()) => wire.signer({ name: first(key) });

  signerContract(
    { describe, it },
    {
      name: `a signer of Cloud KMS over ${transport}`,
      async setup() {
        const [key, denied, disabled] = [newKey(), newKey(), newKey()];
        kms.deny(denied, 'GetPublicKey', 'AsymmetricSign');
        disabled.versions[0]!.state = 'DISABLED';
        const before = kms.calls.length;
        return {
          signer: signer(key),
          asked: () => kms.calls.slice(before).filter((method) => method === 'GetPublicKey').length,
          unfit: signer(kms.key()),
          slow: silent.signer({ name: first(key), deadlineMs: 400 }),
          missing: wire.signer({ name: `${kms.missing}/cryptoKeyVersions/1` }),
          denied: signer(denied),
          disabled: signer(disabled),
          unavailable: await unreachableSigner(transport, { name: first(key) }),
          secrets: async () => SECRETS,
        };
      },
    },
  );

  it('sends a digest and its checksum', async () => {
    const seen: Fields[] = [];
    kms.tamper = (method, answer, request) => {
      if (method === 'AsymmetricSign') seen.push(request ?? {});
      return answer;
    };
    const key = newKey();
    await signer(key).sign(MESSAGE);
    const sha256 = createHash('sha256').update(MESSAGE).digest();
    expect(seen).toMatchObject([{ name: first(key), digest: { sha256 } }]);
  });

  it.each([
    'RSA_SIGN_PKCS1_4096_SHA512',
    'RSA_SIGN_PSS_2048_SHA256',
    'EC_SIGN_ED25519',
    'EC_SIGN_SECP256K1_SHA256',
  ])('is none with a key of %s', async (algorithm) => {
    // Over REST the fake tells no other algorithm by its number.
    if (transport === 'rest') return;
    const key = newKey();
    key.algorithm = algorithm;
    const call = signer(key).sign(MESSAGE);
    const message = expect.stringContaining(algorithm);
    await expect(call).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT', message });
  });

  it('names the permission that is missing, of each of its two calls', async () => {
    for (const [method, permission] of [
      ['GetPublicKey', 'cloudkms.cryptoKeyVersions.viewPublicKey'],
      ['AsymmetricSign', 'cloudkms.cryptoKeyVersions.useToSign'],
    ] as const) {
      const key = newKey();
      kms.deny(key, method);
      const message = expect.stringContaining(permission);
      await expect(signer(key).sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_DENIED', message });
    }
  });

  const crc = { value: '1' };
  it.each([
    ['a public key without a checksum', 'GetPublicKey', { pemCrc32c: null }],
    ['a public key with the checksum of another', 'GetPublicKey', { pemCrc32c: crc }],
    ['no public key', 'GetPublicKey', { pem: '', pemCrc32c: { value: '0' } }],
    ['a key by another name', 'GetPublicKey', { name: `${kms.missing}/cryptoKeyVersions/1` }],
    ['another version', 'AsymmetricSign', { name: `${kms.missing}/cryptoKeyVersions/2` }],
    ['a signature without a checksum', 'AsymmetricSign', { signatureCrc32c: null }],
    ['a signature with the checksum of another', 'AsymmetricSign', { signatureCrc32c: crc }],
    ['a digest that was not checked', 'AsymmetricSign', { verifiedDigestCrc32c: false }],
    ['no signature', 'AsymmetricSign', { signature: Buffer.alloc(0), signatureCrc32c: { value: '0' } }],
  ])('does not believe %s', async (_, spoilt, change) => {
    kms.tamper = (method, answer) => (method === spoilt ? { ...answer, ...change } : answer);
    await expect(signer().sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
  });
});

it('a signer of Cloud KMS is named with its version', () => {
  const name = 'projects/weightseal-test/locations/global/keyRings/r/cryptoKeys/k';
  const uri = `gcp-kms://${name}/cryptoKeyVersions/3`;
  expect(gcpSignerFromUri(uri)).toMatchObject({ provider: 'gcp-kms', uri });
  const code = (expected: string) => expect.objectContaining({ code: expected });
  expect(() => gcpSignerFromUri(`gcp-kms://${name}`)).toThrow(code('KEY_URI_INVALID'));
  expect(() => createGcpSigner({ name })).toThrow(code('INVALID_ARGUMENT'));
  expect(() => createGcpSigner({ name: `${name}/cryptoKeyVersions/3`, deadline: 1 } as never)).toThrow(
    code('INVALID_ARGUMENT'),
  );
});

import { createHash, createPublicKey, verify } from 'node:crypto';
import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { signerContract } from '@weightseal/kms-contract';
import { createVaultSigner, type VaultSignerOptions, vaultSignerFromUri } from '@weightseal/kms-vault';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SigningServer } from './fake/signing-server.js';

const TOKEN = 'hvs.CAESIJ0token0of0one0who0may0do0everything';
const STRANGER = 'hvs.CAESIJ0token0of0one0who0may0do0nothing0';
const MESSAGE = Buffer.from('a model');
const server = await SigningServer.start(TOKEN);
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => server.instead.clear());
for (const name of ['releases', 'deleted']) server.rotate(name);
const [silent, closed] = [await silentPort(), await closedPort()];

const signer = (options: Partial<VaultSignerOptions> = {}) =>
  createVaultSigner({ address: server.address, name: 'releases', token: TOKEN, ...options });

signerContract(
  { describe, it },
  {
    name: 'a signer of Vault',
    async setup() {
      const before = server.asked.length;
      return {
        signer: signer(),
        asked: () => server.asked.slice(before).filter(({ path }) => path === 'keys/releases').length,
        unfit: signer({ name: 'symmetric' }),
        slow: signer({ address: `http://127.0.0.1:${silent}`, deadlineMs: 400 }),
        missing: signer({ name: 'missing' }),
        denied: signer({ token: STRANGER }),
        disabled: signer({ name: 'deleted' }),
        unavailable: signer({ address: `http://127.0.0.1:${closed}` }),
        secrets: async () => [TOKEN, STRANGER].map((token) => Buffer.from(token)),
      };
    },
  },
);

describe('a signer of Vault', () => {
  it('sends a digest, and goes on with the version that it found', async () => {
    const one = signer();
    const publicKey = createPublicKey({
      key: Buffer.from(await one.publicKey()),
      format: 'der',
      type: 'spki',
    });
    server.rotate('releases');
    expect(verify('sha256', MESSAGE, publicKey, await one.sign(MESSAGE))).toBe(true);
    expect(server.asked.at(-1)).toEqual({
      path: 'sign/releases',
      body: {
        input: createHash('sha256').update(MESSAGE).digest('base64'),
        prehashed: true,
        hash_algorithm: 'sha2-256',
        key_version: 1,
        marshaling_algorithm: 'asn1',
        signature_algorithm: 'pkcs1v15',
      },
    });
    expect(await signer().publicKey()).not.toEqual(await one.publicKey());
  });

  it.each([
    ['keys', { name: 'releases', type: 'rsa-2048', latest_version: 1, keys: {} }],
    ['keys', { name: 'releases', type: 'rsa-2048', latest_version: 1, keys: { 1: { public_key: 'AAAA' } } }],
    ['keys', { name: 'releases', type: 'rsa-2048', latest_version: 1 }],
    ['keys', { name: 'others', type: 'rsa-2048', latest_version: 1 }],
    ['sign', {}],
    ['sign', { signature: 'vault:v1:' }],
    ['sign', { signature: 'vault:v1:AAAA' }],
    ['sign', { signature: `vault:v2:${'A'.repeat(344)}` }],
    ['sign', { signature: `vault:v1:${'A'.repeat(1 << 20)}` }],
    ['sign', { signature: ['vault:v1:AAAA'] }],
  ])('does not believe an answer to %s of %j', async (operation, answer) => {
    server.instead.set(operation, answer);
    await expect(signer().sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
  });

  it('is none with a key of Ed25519, of which Transit takes no digests', async () => {
    const keys = { 1: { public_key: 'AAAA' } };
    server.instead.set('keys', { name: 'releases', type: 'ed25519', latest_version: 1, keys });
    const code = 'SIGNING_KEY_UNFIT';
    await expect(signer().sign(MESSAGE)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('Ed25519'),
    });
  });

  it('names the permission that is missing', async () => {
    const code = 'KEY_DENIED';
    const message = expect.stringContaining('`read` on transit/keys/releases');
    await expect(signer({ token: STRANGER }).sign(MESSAGE)).rejects.toMatchObject({ code, message });
  });

  it('is named as a key is, and has no former URIs', () => {
    const uri = 'vault://vault.example.com/transit/keys/releases';
    expect(vaultSignerFromUri(uri)).toMatchObject({ provider: 'vault', uri });
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => vaultSignerFromUri('vault://vault.example.com/releases')).toThrow(code('KEY_URI_INVALID'));
    expect(() => vaultSignerFromUri(uri, { formerUris: [] } as never)).toThrow(code('INVALID_ARGUMENT'));
    expect(() => signer({ deadlineMs: 0 })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => signer({ tls: { cs: 'x' } } as never)).toThrow(code('INVALID_ARGUMENT'));
  });
});

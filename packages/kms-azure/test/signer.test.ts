import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { closedPort } from '@weightseal/fault-proxy';
import { azureSignerFromUri, createAzureSigner } from '@weightseal/kms-azure';
import { signerContract } from '@weightseal/kms-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { OPERATIONS, signersAt } from './fake/fixture.js';
import { aes, rsa, rsaPool } from './fake/material.js';
import { FakeAzure } from './fake/server.js';

const MESSAGE = Buffer.from('a model');
const fake = await FakeAzure.start();
afterAll(() => fake[Symbol.asyncDispose]());
const identity = fake.entra.register(OPERATIONS);
const mine = signersAt(fake, identity);
const stranger = signersAt(fake, fake.entra.register([]));
const nowhere = signersAt(fake, identity, await closedPort(), { retryOptions: { maxRetries: 0 } });

for (const [index, domain] of ['vault.azure.net', 'managedhsm.azure.net'].entries()) {
  const hosts = { used: `used${index}.${domain}`, copy: `copy${index}.${domain}` };
  const [vault, copy] = [fake.vault(hosts.used), fake.vault(hosts.copy)];
  vault.create('releases', rsaPool(1));
  vault.create('symmetric', aes);
  const named = { vaultUrl: `https://${hosts.used}`, name: 'releases' };

  signerContract(
    { describe, it },
    {
      name: `a signer of ${domain}`,
      async setup() {
        for (const version of copy.restore('releases', vault).versions) version.enabled = false;
        const before = fake.requests.length;
        return {
          signer: mine(named),
          asked: () =>
            // The first time the SDK asks without a token, to be told whose it has to be.
            fake.requests.slice(before).filter((one) => one === `GET ${hosts.used} /keys/releases/`).length -
            1,
          unfit: mine({ ...named, name: 'symmetric' }),
          slow: mine({ ...named, vaultUrl: `https://slow.${domain}`, deadlineMs: 600 }),
          missing: mine({ ...named, name: 'missing' }),
          denied: stranger(named),
          disabled: mine({ ...named, vaultUrl: `https://${hosts.copy}` }),
          unavailable: nowhere(named),
          secrets: async () => [
            Buffer.from(identity.clientSecret),
            ...[...fake.entra.tokens.keys()].map((token) => Buffer.from(token)),
          ],
        };
      },
    },
  );
}

describe('a signer of Azure', () => {
  const host = 'signing.vault.azure.net';
  const vault = fake.vault(host);
  const vaultUrl = `https://${host}`;

  it('goes on with the version that it found, unless it is told one', async () => {
    vault.create('turning', rsaPool(2));
    const named = { vaultUrl, name: 'turning' };
    const signer = mine(named);
    const publicKey = await signer.publicKey();
    const { version } = vault.key('turning').versions[0]!;
    vault.rotate('turning');
    await signer.sign(MESSAGE);
    expect(fake.requests.at(-1)).toBe(`POST ${host} /keys/turning/${version}/sign`);
    expect(await mine(named).publicKey()).not.toEqual(publicKey);
    expect(await mine({ ...named, version }).publicKey()).toEqual(publicKey);
  });

  it('is none with a key that is too weak, or whose operations leave signing out', async () => {
    vault.create('weak', () => rsa(1024));
    vault.create('wrapping', rsaPool(1)).versions[0]!.keyOps = ['wrapKey', 'unwrapKey'];
    for (const name of ['weak', 'wrapping'])
      await expect(mine({ vaultUrl, name }).sign(MESSAGE)).rejects.toMatchObject({
        code: 'SIGNING_KEY_UNFIT',
      });
  });

  it('names the permission that is missing, of each of its two calls', async () => {
    vault.create('guarded', rsaPool(1));
    for (const [lacking, action] of [
      ['get', 'Microsoft.KeyVault/vaults/keys/read'],
      ['sign', 'Microsoft.KeyVault/vaults/keys/sign/action'],
    ] as const) {
      const someone = signersAt(fake, fake.entra.register(OPERATIONS.filter((one) => one !== lacking)));
      const message = expect.stringContaining(action);
      const call = someone({ vaultUrl, name: 'guarded' }).sign(MESSAGE);
      await expect(call).rejects.toMatchObject({ code: 'KEY_DENIED', message });
    }
  });

  it('is named as a key is', () => {
    const uri = 'azure-kv://contoso.vault.azure.net/keys/releases';
    expect(azureSignerFromUri(uri)).toMatchObject({ provider: 'azure-kv', uri });
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => azureSignerFromUri('azure-kv://example.com/keys/releases')).toThrow(code('KEY_URI_INVALID'));
    for (const options of [{ formerUris: [] }, { algorithm: 'A256KW' }, { deadlineMs: 0 }])
      expect(() => azureSignerFromUri(uri, options as never)).toThrow(code('INVALID_ARGUMENT'));
  });
});

describe('an elliptic key of Azure', () => {
  const vaultUrl = 'https://contoso.vault.azure.net';
  const version = 'a'.repeat(32);
  const id = `${vaultUrl}/keys/releases/${version}`;
  const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');

  /** The official clients, as far as a signer sees them: r and s are what the service gives. */
  function clientsOf(
    pair: { publicKey: KeyObject; privateKey: KeyObject },
    hash: string,
    change: object = {},
  ) {
    const { crv, x, y } = pair.publicKey.export({ format: 'jwk' });
    const key = { kty: 'EC', crv, x: bytes(x), y: bytes(y), ...change };
    const found = { id, name: 'releases', keyType: 'EC-HSM', key, properties: {}, keyOperations: ['sign'] };
    const asked: unknown[] = [];
    const client = {
      async sign(algorithm: string, digest: Uint8Array, { onResponse }: { onResponse(one: object): void }) {
        asked.push([algorithm, digest.length]);
        onResponse({ parsedBody: { kid: id } });
        return { result: sign(hash, MESSAGE, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }) };
      },
    };
    return { asked, clients: { keys: { getKey: async () => found }, cryptography: () => client } as never };
  }

  it.each([
    ['P-256', 'sha256', 'ES256', 32],
    ['P-384', 'sha384', 'ES384', 48],
    ['P-521', 'sha512', 'ES512', 64],
  ] as const)('of %s signs a digest of %s by %s', async (namedCurve, hash, algorithm, length) => {
    const pair = generateKeyPairSync('ec', { namedCurve });
    const { asked, clients } = clientsOf(pair, hash);
    const signer = createAzureSigner({ vaultUrl, name: 'releases', clients });
    const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
    expect(await signer.publicKey()).toEqual(Uint8Array.from(spki));
    // Verified before it is given out.
    await signer.sign(MESSAGE);
    expect(asked).toEqual([[algorithm, length]]);
  });

  it.each([
    ['of another curve', { crv: 'P-256K' }, 'SIGNING_KEY_UNFIT'],
    ['without a point', { x: undefined }, 'KEY_RESPONSE_INVALID'],
    ['with a point that is none', { y: Buffer.alloc(32, 1) }, 'KEY_RESPONSE_INVALID'],
    ['of text', { x: 'AAAA' }, 'KEY_RESPONSE_INVALID'],
  ])('%s signs nothing', async (_, change, code) => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { asked, clients } = clientsOf(pair, 'sha256', change);
    await expect(
      createAzureSigner({ vaultUrl, name: 'releases', clients }).sign(MESSAGE),
    ).rejects.toMatchObject({ code });
    expect(asked).toEqual([]);
  });

  it('whose signature is of another version is not believed', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { clients } = clientsOf(pair, 'sha256');
    const named = { vaultUrl, name: 'releases', version: 'b'.repeat(32), clients };
    await expect(createAzureSigner(named).sign(MESSAGE)).rejects.toMatchObject({
      code: 'KEY_RESPONSE_INVALID',
    });
  });
});

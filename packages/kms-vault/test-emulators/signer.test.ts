import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { signerContract } from '@weightseal/kms-contract';
import { describe, expect, it } from 'vitest';
import { Server } from './server.js';

// A server of HashiCorp Vault or OpenBao that others wrote, in dev mode, with its root token.
const address = process.env['WEIGHTSEAL_EMULATOR_VAULT'];
const token = process.env['VAULT_TOKEN'];
const MESSAGE = Buffer.from('a model');

if (address === undefined || token === undefined) {
  it.skip('signers on a real Vault server (skipped: WEIGHTSEAL_EMULATOR_VAULT and VAULT_TOKEN are not set)', () => {});
} else {
  const server = await Server.connect(address, token);
  const stranger = await server.newToken('path "sys/health" { capabilities = ["read"] }');
  const symmetric = await server.newKey();
  const [silent, closed] = [await silentPort(), await closedPort()];

  for (const type of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'rsa-4096']) {
    const [name, deleted] = [await server.newKey({ type }), await server.newKey({ type })];
    if (server.isOpenBao) await server.call('DELETE', `${server.mount}/keys/${deleted}/soft-delete`);
    signerContract(
      { describe, it },
      {
        name: `a signer of type ${type} on ${server.product}`,
        without: {
          asked: 'it does not count; the fake of the unit tests does',
          disabled: server.isOpenBao ? undefined : 'Vault has no switch for a key',
        },
        async setup() {
          return {
            signer: server.signer(name),
            unfit: server.signer(symmetric),
            slow: server.signer(name, { address: `http://127.0.0.1:${silent}`, deadlineMs: 600 }),
            missing: server.signer('missing'),
            denied: server.signer(name, { token: stranger }),
            disabled: server.isOpenBao ? server.signer(deleted) : undefined,
            unavailable: server.signer(name, { address: `http://127.0.0.1:${closed}` }),
            secrets: async () => [Buffer.from(stranger)],
          };
        },
      },
    );
  }

  describe(`a signer on ${server.product}`, () => {
    it('goes on with the version that it found, until that may sign no more', async () => {
      const name = await server.newKey({ type: 'ecdsa-p256' });
      const signer = server.signer(name);
      await signer.publicKey();
      await server.call('POST', `${server.mount}/keys/${name}/rotate`);
      await signer.sign(MESSAGE);
      expect(await server.signer(name).publicKey()).not.toEqual(await signer.publicKey());
      await server.call('POST', `${server.mount}/keys/${name}/config`, { min_encryption_version: 2 });
      await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_DISABLED' });
      await server.signer(name).sign(MESSAGE);
    });

    it('needs `read` on the key and `update` on sign, and no more', async () => {
      const name = await server.newKey({ type: 'ecdsa-p256' });
      const read = `path "${server.mount}/keys/${name}" { capabilities = ["read"] }`;
      const sign = `path "${server.mount}/sign/${name}" { capabilities = ["update"] }`;
      await server.signer(name, { token: await server.newToken(`${read}\n${sign}`) }).sign(MESSAGE);
      for (const [policy, said] of [
        [read, `\`update\` on ${server.mount}/sign/${name}`],
        [sign, `\`read\` on ${server.mount}/keys/${name}`],
      ] as const) {
        const call = server.signer(name, { token: await server.newToken(policy) }).sign(MESSAGE);
        const message = expect.stringContaining(said);
        await expect(call).rejects.toMatchObject({ code: 'KEY_DENIED', message });
      }
    });

    it('signs nothing by Ed25519', async () => {
      const name = await server.newKey({ type: 'ed25519' });
      await expect(server.signer(name).sign(MESSAGE)).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
    });
  });
}

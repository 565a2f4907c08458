import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { describe, it } from 'vitest';
import { Server } from './server.js';

// A server of HashiCorp Vault or OpenBao that others wrote, in dev mode, with its root token.
const address = process.env['WEIGHTSEAL_EMULATOR_VAULT'];
const token = process.env['VAULT_TOKEN'];

if (address === undefined || token === undefined) {
  it.skip('a real Vault server (skipped: WEIGHTSEAL_EMULATOR_VAULT and VAULT_TOKEN are not set)', () => {});
} else {
  const server = await Server.connect(address, token);
  const stranger = await server.newToken('path "sys/health" { capabilities = ["read"] }');

  const kinds: readonly (readonly [string, object])[] = [
    ['aes256-gcm96', { type: 'aes256-gcm96' }],
    ['aes256-gcm96, derived', { type: 'aes256-gcm96', derived: true }],
    ['chacha20-poly1305', { type: 'chacha20-poly1305' }],
    ...(server.isOpenBao ? [['xchacha20-poly1305', { type: 'xchacha20-poly1305' }] as const] : []),
  ];
  for (const [kind, settings] of kinds) {
    keyWrapperContract(
      { describe, it },
      {
        name: `${kind} on ${server.product}`,
        without: { disabled: server.isOpenBao ? undefined : 'Vault has no switch for a key' },
        async setup() {
          const [name, other, deleted] = [
            await server.newKey(settings),
            await server.newKey(settings),
            await server.newKey(settings),
          ];
          if (server.isOpenBao) await server.call('DELETE', `${server.mount}/keys/${deleted}/soft-delete`);
          const wrapper = server.key(name);
          return {
            wrapper,
            otherKey: server.key(other),
            rotate: () => wrapper.rotate(),
            slow: server.key(name, { address: `http://127.0.0.1:${await silentPort()}`, deadlineMs: 600 }),
            missing: server.key('missing'),
            denied: server.key(name, { token: stranger }),
            disabled: server.isOpenBao ? server.key(deleted) : undefined,
            unavailable: server.key(name, { address: `http://127.0.0.1:${await closedPort()}` }),
            secrets: async () => [Buffer.from(stranger)],
          };
        },
      },
    );
  }
}

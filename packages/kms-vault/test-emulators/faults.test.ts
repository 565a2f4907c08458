import { faultSuite, httpFaultProxy, vaultBusy } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { vendorFaults } from '../test/fake/vendor-faults.js';
import { Server } from './server.js';

const address = process.env['WEIGHTSEAL_EMULATOR_VAULT'];
const token = process.env['VAULT_TOKEN'];

if (address === undefined || token === undefined) {
  it.skip('faults of a real Vault server (skipped: WEIGHTSEAL_EMULATOR_VAULT and VAULT_TOKEN are not set)', () => {});
} else {
  const server = await Server.connect(address, token);
  const [name, others] = [await server.newKey(), await server.newKey()];
  const mine = await server.newToken(`
    path "${server.mount}/encrypt/${name}" { capabilities = ["update"] }
    path "${server.mount}/decrypt/${name}" { capabilities = ["update"] }`);
  const { ciphertext } = await server.call<{ ciphertext: string }>(
    'POST',
    `${server.mount}/encrypt/${others}`,
    {
      plaintext: Buffer.alloc(64).toString('base64'),
    },
  );

  faultSuite(
    { describe, it },
    {
      name: server.product,
      busy: vaultBusy,
      async setup(deadlineMs) {
        const proxy = await httpFaultProxy({ upstream: server.address });
        const wrapper = server.key(name, { address: proxy.url, token: mine, deadlineMs });
        return { wrapper, proxy, secrets: [Buffer.from(mine)] };
      },
      ...vendorFaults(ciphertext),
    },
  );
}

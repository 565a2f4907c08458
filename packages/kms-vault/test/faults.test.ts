import { faultSuite, httpFaultProxy, vaultBusy } from '@weightseal/fault-proxy';
import { createVaultKey } from '@weightseal/kms-vault';
import { afterAll, describe, it } from 'vitest';
import { FakeVault } from './fake/server.js';
import { vendorFaults } from './fake/vendor-faults.js';

const TOKEN = 'hvs.CAESIJ0token0of0one0who0may0do0everything';
const fake = await FakeVault.start();
afterAll(() => fake[Symbol.asyncDispose]());
fake.tokens.set(TOKEN, ['*']);
fake.create('models');
const other = fake.create('others').encrypt(Buffer.alloc(64), undefined, undefined);

faultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'Vault',
    busy: vaultBusy,
    async setup(deadlineMs) {
      const proxy = await httpFaultProxy({ upstream: fake.address });
      const wrapper = createVaultKey({ address: proxy.url, name: 'models', token: TOKEN, deadlineMs });
      return { wrapper, proxy, secrets: [Buffer.from(TOKEN)] };
    },
    ...vendorFaults(other),
  },
);

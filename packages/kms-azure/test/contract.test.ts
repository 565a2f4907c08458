import { closedPort } from '@weightseal/fault-proxy';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { afterAll, describe, it } from 'vitest';
import { keysAt, OPERATIONS } from './fake/fixture.js';
import { aes, type Material, rsa } from './fake/material.js';
import { FakeAzure } from './fake/server.js';

const fake = await FakeAzure.start();
afterAll(() => fake[Symbol.asyncDispose]());
const identity = fake.entra.register(OPERATIONS);
const mine = keysAt(fake, identity);
const stranger = keysAt(fake, fake.entra.register([]));
const nowhere = keysAt(fake, identity, await closedPort(), { retryOptions: { maxRetries: 0 } });

const kinds = [
  ['RSA-OAEP-256 in a vault', 'vault.azure.net', () => rsa(), undefined],
  ['A256GCM in a Managed HSM', 'managedhsm.azure.net', aes, undefined],
  ['A256KW in a Managed HSM', 'managedhsm.azure.net', aes, 'A256KW'],
] as const satisfies readonly (readonly [string, string, () => Material, 'A256KW' | undefined])[];

for (const [index, [kind, domain, make, algorithm]] of kinds.entries()) {
  const hosts = { used: `used${index}.${domain}`, copy: `copy${index}.${domain}` };
  const [vault, copy] = [fake.vault(hosts.used), fake.vault(hosts.copy)];
  vault.create('models', make);
  vault.create('others', make);
  const named = { vaultUrl: `https://${hosts.used}`, name: 'models', algorithm };

  keyWrapperContract(
    { describe, it },
    {
      name: kind,
      async setup() {
        const disabled = copy.restore('models', vault);
        for (const version of disabled.versions) version.enabled = false;
        return {
          wrapper: mine(named),
          otherKey: mine({ ...named, name: 'others' }),
          rotate: async () => vault.rotate('models'),
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

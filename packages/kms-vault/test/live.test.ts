import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { createVaultKey, vaultKeyFromUri } from '@weightseal/kms-vault';
import { describe, it } from 'vitest';

// A real key, with the token and certificates of the environment. docs/providers/vault.md says which policy it takes.
const uri = process.env['WEIGHTSEAL_LIVE_VAULT_KEY'];

if (uri === undefined) {
  it.skip('a real Vault key (skipped: WEIGHTSEAL_LIVE_VAULT_KEY names none)', () => {});
} else {
  const rotates = process.env['WEIGHTSEAL_LIVE_VAULT_ROTATE'] === '1';
  const [silent, closed] = [
    `http://127.0.0.1:${await silentPort()}`,
    `http://127.0.0.1:${await closedPort()}`,
  ];
  keyWrapperContract(
    { describe, it },
    {
      name: 'a real Vault key',
      patienceMs: 30_000,
      timeoutMs: 300_000,
      without: {
        otherKey: 'one key is named',
        missing: 'of a key that the policy does not name, Vault says only that it is denied',
        disabled: 'nothing is switched off for a test',
        secrets: 'the token is the environment’s',
        rotate: rotates ? undefined : 'WEIGHTSEAL_LIVE_VAULT_ROTATE is not 1: it takes another policy',
      },
      async setup() {
        const wrapper = vaultKeyFromUri(uri);
        return {
          wrapper,
          rotate: () => wrapper.rotate(),
          denied: vaultKeyFromUri(uri, { token: 'hvs.no-such-token' }),
          slow: createVaultKey({ address: silent, name: 'models', deadlineMs: 600 }),
          unavailable: createVaultKey({ address: closed, name: 'models' }),
        };
      },
    },
  );
}

import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { azureKeyFromUri } from '@weightseal/kms-azure';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { describe, it } from 'vitest';
import { loopback } from './fake/loopback.js';

// A real vault or Managed HSM, by DefaultAzureCredential. docs/providers/azure.md says which role it takes.
const uri = process.env['WEIGHTSEAL_LIVE_AZURE_KEY'];

if (uri === undefined) {
  it.skip('a real Azure key (skipped: WEIGHTSEAL_LIVE_AZURE_KEY names none)', () => {});
} else {
  const rotates = process.env['WEIGHTSEAL_LIVE_AZURE_ROTATE'] === '1';
  const once = { retryOptions: { maxRetries: 0 } };
  const [silent, closed] = [loopback(await silentPort()), loopback(await closedPort())];

  keyWrapperContract(
    { describe, it },
    {
      name: 'a real Azure key',
      patienceMs: 30_000,
      timeoutMs: 300_000,
      without: {
        otherKey: 'one key is named',
        denied: 'one identity is there',
        disabled: 'nothing is switched off for a test',
        secrets: 'the credential is the environment’s',
        rotate: rotates ? undefined : 'WEIGHTSEAL_LIVE_AZURE_ROTATE is not 1: a version more costs money',
      },
      async setup() {
        const wrapper = azureKeyFromUri(uri);
        const [host, collection, name] = uri.slice('azure-kv://'.length).split('/');
        return {
          wrapper,
          rotate: () => wrapper.rotate(),
          missing: azureKeyFromUri(`azure-kv://${host}/${collection}/${name}-missing`),
          slow: azureKeyFromUri(uri, { deadlineMs: 600, clientOptions: { ...once, ...silent } }),
          unavailable: azureKeyFromUri(uri, { clientOptions: { ...once, ...closed } }),
        };
      },
    },
  );
}

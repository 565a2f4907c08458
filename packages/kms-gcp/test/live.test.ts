import { keyWrapperContract } from '@weightseal/kms-contract';
import { gcpKeyFromUri } from '@weightseal/kms-gcp';
import { describe, it } from 'vitest';

const uri = process.env['WEIGHTSEAL_LIVE_GCP_KEY'];
const one = 'one real key is given';

// docs/providers/gcp.md has the role that it takes. It costs some 700 requests.
describe.skipIf(uri === undefined)(
  'the real Cloud KMS, skipped unless WEIGHTSEAL_LIVE_GCP_KEY names a key by its URI',
  () => {
    keyWrapperContract(
      { describe, it },
      {
        name: 'the key of WEIGHTSEAL_LIVE_GCP_KEY',
        setup: async () => ({ wrapper: gcpKeyFromUri(uri!) }),
        without: {
          otherKey: one,
          rotate: 'the test must not rotate a real key',
          slow: one,
          missing: one,
          denied: one,
          disabled: one,
          unavailable: one,
          secrets: 'the credentials are those of the environment',
        },
        patienceMs: 15_000,
        timeoutMs: 300_000,
      },
    );
  },
);

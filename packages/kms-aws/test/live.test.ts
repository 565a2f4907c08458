import { awsKeyFromUri } from '@weightseal/kms-aws';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { describe, it } from 'vitest';

const uri = process.env['WEIGHTSEAL_LIVE_AWS_KEY'];
const one = 'one real key is given';

// docs/providers/aws.md has the policy that it takes. It costs some 500 requests.
describe.skipIf(uri === undefined)(
  'the real AWS KMS, skipped unless WEIGHTSEAL_LIVE_AWS_KEY names a key by its URI',
  () => {
    keyWrapperContract(
      { describe, it },
      {
        name: `the key of WEIGHTSEAL_LIVE_AWS_KEY`,
        setup: async () => ({ wrapper: awsKeyFromUri(uri!) }),
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

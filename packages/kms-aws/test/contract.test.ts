import { closedPort } from '@weightseal/fault-proxy';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { afterAll, describe, it } from 'vitest';
import { FakeKms, REGION } from './fake-kms.js';
import { keyAt, SECRETS } from './keys.js';

const kms = await FakeKms.start();
const silent = await FakeKms.start();
silent.silent = true;
const closed = `http://127.0.0.1:${await closedPort()}`;
afterAll(() => Promise.all([kms[Symbol.asyncDispose](), silent[Symbol.asyncDispose]()]));

keyWrapperContract(
  { describe, it },
  {
    name: 'an AWS KMS key',
    async setup() {
      const key = kms.key();
      const other = kms.key();
      const [denied, disabled] = [kms.key(), kms.key()];
      kms.deny(denied, 'kms:Encrypt', 'kms:Decrypt');
      disabled.state = 'Disabled';
      // By aliases: what an ARN cannot have wrapped is refused before anything is asked.
      kms.alias('denied', denied);
      kms.alias('disabled', disabled);
      const wrapper = keyAt(kms.url, { keyId: key.arn });
      return {
        wrapper,
        otherKey: keyAt(kms.url, { keyId: other.arn }),
        rotate: () => wrapper.rotate(),
        slow: keyAt(silent.url, { keyId: 'alias/silent', region: REGION, deadlineMs: 400 }),
        missing: keyAt(kms.url, { keyId: 'alias/missing', region: REGION }),
        denied: keyAt(kms.url, { keyId: 'alias/denied', region: REGION }),
        disabled: keyAt(kms.url, { keyId: 'alias/disabled', region: REGION }),
        unavailable: keyAt(closed, { keyId: key.arn }),
        secrets: async () => SECRETS,
      };
    },
  },
);

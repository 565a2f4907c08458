import { randomUUID } from 'node:crypto';
import { objectStoreContract } from '@weightseal/store-contract';
import { s3LocationFromUri } from '@weightseal/store-s3';
import { describe, it } from 'vitest';

const uri = process.env['WEIGHTSEAL_LIVE_S3'];

describe.skipIf(!uri)('a real bucket, skipped unless WEIGHTSEAL_LIVE_S3 names a place in it, s3://…', () => {
  if (!uri) return;
  objectStoreContract(
    { describe, it },
    {
      name: 'Amazon S3',
      setup: async () => {
        const { store, key } = s3LocationFromUri(uri);
        return {
          store,
          prefix: `${key}/contract/${randomUUID()}`,
          missing: s3LocationFromUri(`s3://${randomUUID()}`).store,
        };
      },
      teardown: ({ store }) => store.close(),
      without: {
        denied: 'it takes another identity',
        unavailable: 'the tests on this machine have it',
        silent: 'the tests on this machine have it',
        secrets: 'they are not known here',
      },
    },
  );
});

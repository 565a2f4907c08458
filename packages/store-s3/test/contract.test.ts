import { randomUUID } from 'node:crypto';
import { closedPort } from '@weightseal/fault-proxy';
import { objectStoreContract } from '@weightseal/store-contract';
import { afterAll, describe, it } from 'vitest';
import { FakeS3 } from './fake/server.js';
import { NOBODY, SECRETS, SESSION, storeAt } from './stores.js';

const s3 = await FakeS3.start('models');
const mute = await FakeS3.start('models');
s3.denied.add(NOBODY.accessKeyId);
mute.silent = true;
const stores = {
  store: storeAt(s3.url, 'models', { credentials: SESSION }),
  denied: storeAt(s3.url, 'models', { credentials: NOBODY }),
  missing: storeAt(s3.url, 'no-such-bucket'),
  unavailable: storeAt(`http://127.0.0.1:${await closedPort()}`, 'models'),
  silent: storeAt(mute.url, 'models'),
};
afterAll(async () => {
  for (const one of Object.values(stores)) await one.close();
  await Promise.all([s3, mute].map((one) => one[Symbol.asyncDispose]()));
});

// All of it: what servers that others wrote lack is in test-emulators.
objectStoreContract(
  { describe, it },
  {
    name: 'a bucket of S3',
    setup: async () => ({ ...stores, prefix: `contract/${randomUUID()}`, secrets: async () => SECRETS }),
    many: true,
  },
);

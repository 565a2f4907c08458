import { randomUUID } from 'node:crypto';
import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { type AzureStoreOptions, createAzureStore } from '@weightseal/store-azure';
import { objectStoreContract, type Subject } from '@weightseal/store-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, call } from '../test/server.js';
import { account, azuriteAt, CONTAINER, KEY, signatureIn, signed, VARIABLE } from './azurite.js';

const url = await azuriteAt();
const OTHER_KEY = Buffer.alloc(64, 'another key').toString('base64');

describe.skipIf(!url)(`azurite, skipped unless ${VARIABLE} is its URL`, async () => {
  if (!url) return;
  const storeWith = (options: Partial<AzureStoreOptions>) => {
    const store = createAzureStore({ account, container: CONTAINER, endpoint: url, ...options });
    afterAll(() => store.close());
    return store;
  };
  const at = (port: number) => `http://127.0.0.1:${port}/${account}`;
  const [closed, silent] = [at(await closedPort()), at(await silentPort())];

  const [sas, badSas] = [signed(KEY), signed(OTHER_KEY)];
  const identities: readonly (readonly [string, Partial<AzureStoreOptions>, Partial<AzureStoreOptions>])[] = [
    ['the account’s key', { accountKey: KEY }, { accountKey: OTHER_KEY }],
    ['a signature', { sasToken: sas }, { sasToken: badSas }],
  ];
  const secrets = async () =>
    [KEY, OTHER_KEY, signatureIn(sas), signatureIn(badSas)].map((one) => Buffer.from(one));
  for (const [who, granted, refused] of identities)
    objectStoreContract(
      { describe, it },
      {
        name: `Azure Blob Storage on azurite, by ${who},`,
        setup: async (): Promise<Subject> => ({
          store: storeWith(granted),
          prefix: `contract/${randomUUID()}`,
          denied: storeWith(refused),
          // A signature is for one container.
          missing: storeWith({ accountKey: KEY, container: 'no-such-container' }),
          unavailable: storeWith({ ...granted, endpoint: closed }),
          silent: storeWith({ ...granted, endpoint: silent }),
          secrets,
        }),
        many: who === 'a signature',
        without: {
          backslashKeys: 'Azure takes a backslash for a slash',
          copy: 'azurite has no Put Block From URL; writing.test.ts has it, and the case below what needs none',
          unfinished: 'Azure drops by itself what was begun',
        },
      },
    );

  it('a head is replaced without the blocks behind it going anywhere', async () => {
    const store = storeWith({ accountKey: KEY });
    const key = `rewrap/${randomUUID()}`;
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 31) & 255));
    const first = await store.upload!(key, { condition: { ifAbsent: true } }, call);
    for (let index = 0; index < 3; index++) {
      const [offset, last] = [index * 1_000_000, index === 2];
      await first.part({ index, offset, bytes: bytes.subarray(offset, offset + 1_000_000), last }, call);
    }
    const from = await first.complete(call);
    const again = await store.upload!(key, { condition: { ifVersion: from.version }, size: from.size }, call);
    const head = Buffer.alloc(4096, 1);
    await again.part({ index: 0, offset: 0, bytes: head, last: false }, call);
    await again.copy!({ index: 1, from, offset: head.length, length: from.size - head.length }, call);
    const to = await again.complete(call);
    const { body } = await store.read(key, { offset: 0, length: to.size, version: to.version }, call);
    expect((await bytesOf(body)).equals(Buffer.concat([head, bytes.subarray(head.length)]))).toBe(true);
  });
});

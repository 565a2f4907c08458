import { randomUUID } from 'node:crypto';
import { createAzureStore } from '@weightseal/store-azure';
import { afterAll, describe } from 'vitest';
import { bundlesOn } from '../../core/test/store/support/bundles-on.js';
import { account, azuriteAt, CONTAINER, KEY, VARIABLE } from './azurite.js';

const url = await azuriteAt();

describe.skipIf(!url)(`azurite, skipped unless ${VARIABLE} is its URL`, () => {
  if (!url) return;
  const store = createAzureStore({ account, container: CONTAINER, endpoint: url, accountKey: KEY });
  afterAll(() => store.close());
  bundlesOn('Azure Blob Storage on azurite', async () => ({ store, prefix: `bundles/${randomUUID()}` }));
});

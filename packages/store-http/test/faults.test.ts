import { httpFaultProxy, storeFaultSuite } from '@weightseal/fault-proxy';
import { createHttpStore } from '@weightseal/store-http';
import { describe, it } from 'vitest';
import { someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

const TOKEN = 'Bearer token-of-the-test-0123456789abcdef';
const SIGNATURE = 'sig=signature0of0the0test0of0this0store';
const bytes = someBytes(300_000);

storeFaultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'A store over https',
    async setup() {
      const server = await WebServer.start();
      server.put('/object', bytes);
      const proxy = await httpFaultProxy({ upstream: server.url });
      const store = createHttpStore(proxy.url, { headers: { authorization: TOKEN }, query: SIGNATURE });
      return {
        location: { store, key: 'object' },
        proxy,
        bytes,
        replace: async () => server.put('/object', someBytes(bytes.length, 2)),
        secrets: [Buffer.from(TOKEN), Buffer.from(SIGNATURE)],
        async teardown() {
          await store.close();
          await proxy[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  },
);

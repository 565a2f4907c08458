import { httpFaultProxy, jsonAnswer, storeFaultSuite } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { refusal, serving, storeAt, TOKEN } from './server.js';

const BYTES = Buffer.from(Array.from({ length: 250_000 }, (_, at) => (at * 7) % 251));

/** A page of a listing that has no last one. */
function page(number: number) {
  const items = Array.from({ length: 1000 }, (_, at) => ({
    name: `list/${String(number * 1000 + at).padStart(9, '0')}`,
    size: '1',
    generation: '1',
    updated: '2026-11-28T04:00:00.000Z',
  }));
  return jsonAnswer(200, { items, nextPageToken: String(number) });
}
let pages = 0;

storeFaultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'Cloud Storage',
    hugeListing: {
      prefix: 'list/',
      fault: { kind: 'rewrite', when: ({ path }) => path.includes('prefix='), rewrite: () => page(pages++) },
    },
    async setup() {
      let [bytes, generation] = [BYTES, 17];
      const server = await serving(({ url, headers }, response) => {
        const wanted = url.searchParams.get('ifGenerationMatch');
        if (wanted !== null && wanted !== String(generation))
          return refusal(response, 412, 'conditionNotMet');
        const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []).map(Number);
        const part = bytes.subarray(from, to + 1);
        response.writeHead(206, {
          'content-range': `bytes ${from}-${from + part.length - 1}/${bytes.length}`,
          'content-length': String(part.length),
          'x-goog-generation': String(generation),
        });
        response.end(part);
      });
      const proxy = await httpFaultProxy({ upstream: server.url });
      const store = storeAt(proxy.url);
      return {
        location: { store, key: 'object' },
        proxy,
        bytes: BYTES,
        replace: async () => {
          [bytes, generation] = [Buffer.from(BYTES).reverse(), 18];
        },
        secrets: [Buffer.from(TOKEN)],
        async teardown() {
          await store.close();
          await proxy[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  },
);

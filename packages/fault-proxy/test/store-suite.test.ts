import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ObjectStore, WeightsealError } from '@weightseal/core';
import { httpFaultProxy, type StoreFaultName, storeFaultSuite } from '@weightseal/fault-proxy';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failed, record } from './support/recorder.js';

// What a store may get wrong, and whether the suite sees it. The positive control is the suite of @weightseal/store-http.
vi.setConfig({ maxConcurrency: 20 });

const BYTES = Buffer.from(Array.from({ length: 250_000 }, (_, at) => (at * 7) % 251));
const TOKEN = 'token-of-the-test-0123456789';

let upstream: string;
const server = createServer(({ headers }, response) => {
  const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []).map(Number);
  const part = BYTES.subarray(from, to + 1);
  response.writeHead(206, {
    etag: '"a"',
    'content-range': `bytes ${from}-${from + part.length - 1}/${BYTES.length}`,
    'content-length': String(part.length),
  });
  response.end(part);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.closeAllConnections());

/** By `fetch`, which decodes, follows redirects, and is believed in all that it says. */
function trustingStore(url: string): ObjectStore {
  const uri = url;
  return {
    uri,
    stat: async () => ({ key: 'a', size: BYTES.length, version: '"a"' }),
    async read(key, { offset, length }, { signal }) {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const response = await fetch(`${url}/${key}`, { signal, headers: { range, 'x-token': TOKEN } }).catch(
        () => {
          throw new WeightsealError('STORE_UNAVAILABLE', 'It cannot be reached.');
        },
      );
      if (!response.ok)
        throw new WeightsealError('STORE_DENIED', `With ${TOKEN} it said ${response.status}.`);
      const object = { key, size: BYTES.length, version: '"a"' };
      return { object, body: response.body as unknown as AsyncIterable<Uint8Array> };
    },
    close: async () => {},
  };
}

const only = (...names: StoreFaultName[]): Record<string, string> => {
  const all: StoreFaultName[] = [
    'refused',
    'resetOnce',
    'resetAlways',
    'stalledOnce',
    'stalledAlways',
    'hangsOnce',
    'trickles',
    'cutOnce',
    'halved',
    'garbage',
    'wrongRange',
    'whole',
    'staleVersion',
    'replaced',
    'storm',
    'unavailable',
    'throttled',
    'expired',
    'forbidden',
    'redirected',
    'longer',
    'shorter',
    'gzipped',
  ];
  return Object.fromEntries(all.filter((name) => !names.includes(name)).map((name) => [name, 'not now']));
};

const run = (names: StoreFaultName[]) =>
  record((runner) =>
    storeFaultSuite(runner, {
      name: 'a store',
      async setup() {
        const proxy = await httpFaultProxy({ upstream });
        return {
          location: { store: trustingStore(proxy.url), key: 'a' },
          proxy,
          bytes: BYTES,
          secrets: [Buffer.from(TOKEN)],
        };
      },
      without: only(...names),
    }),
  );

describe.concurrent('the suite finds a store that', () => {
  it.each<[string, StoreFaultName]>([
    ['takes another range for the one that was asked for', 'wrongRange'],
    ['takes the whole for a range', 'whole'],
    ['does not see that the version is another', 'staleVersion'],
    ['decodes what a proxy encoded', 'gzipped'],
    ['tells its token, and calls everything denied', 'throttled'],
    ['follows with its token to another host', 'redirected'],
  ])('%s', async (_, name) => {
    const outcomes = await run([name]);
    expect([...failed(outcomes)]).toHaveLength(1);
  });

  it('and has nothing against what core does for every store', async () => {
    const outcomes = await run(['refused', 'hangsOnce', 'stalledAlways']);
    expect([...failed(outcomes)]).toEqual([]);
  });
});

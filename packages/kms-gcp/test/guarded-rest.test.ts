import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { restKeyAt } from './keys.js';

const NAME = 'projects/my-project/locations/global/keyRings/models/cryptoKeys/weights';
const MIB = 1024 * 1024;
const dataKey = new Uint8Array(32).fill(7);

async function listen(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('over REST', () => {
  it.each([200, 400, 401, 403, 503])('an answer of %i without end is cut off', async (status) => {
    let sent = 0;
    await using server = await listen((_, response) => {
      response.writeHead(status);
      const chunk = Buffer.alloc(MIB / 4, ' ');
      const more = () => {
        sent += chunk.length;
        if (!response.destroyed) response.write(chunk, () => setImmediate(more));
      };
      more();
    });
    const key = restKeyAt(server.url, { name: NAME, deadlineMs: 20_000 });
    await expect(key.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
    expect(sent).toBeLessThan(64 * MIB);
  });

  it.each([301, 302, 303, 307, 308])(
    'a redirect (%i) is not followed: the data key goes nowhere else',
    async (status) => {
      let led = 0;
      await using elsewhere = await listen((_, response) => {
        led++;
        response.end('{}');
      });
      await using server = await listen((_, response) => {
        response.writeHead(status, { location: `${elsewhere.url}/v1/x` }).end();
      });
      const key = restKeyAt(server.url, { name: NAME });
      await expect(key.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
      expect(led).toBe(0);
    },
  );
});

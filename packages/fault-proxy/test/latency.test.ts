import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { latencyProxy } from '@weightseal/fault-proxy';
import { expect, it } from 'vitest';

/** Gives back all that it gets. */
async function echo() {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, upstream: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

it('a long way changes nothing of what goes over it, however much that is', async () => {
  const { server, upstream } = await echo();
  await using proxy = await latencyProxy({ upstream, latencyMs: 5 });
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));
  client.end(bytes);
  expect((await buffer(client)).equals(bytes)).toBe(true);
  expect(proxy.connections).toBe(1);
  server.close();
});

it('a round trip takes no less than the way, and that of connecting is one', async () => {
  const { server, upstream } = await echo();
  const latencyMs = 60;
  await using proxy = await latencyProxy({ upstream, latencyMs });
  const client = connect(proxy.port, '127.0.0.1');
  const began = performance.now();
  for (const expected of [2, 3, 4]) {
    client.write('x');
    await once(client, 'data');
    // Timers may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThan(expected * (latencyMs - 2));
  }
  client.destroy();
  server.close();
});

it('a server that is not there ends the connection', async () => {
  await using proxy = await latencyProxy({ upstream: '127.0.0.1:1', latencyMs: 1 });
  const client = connect(proxy.port, '127.0.0.1');
  client.on('error', () => {});
  await once(client, 'close');
});

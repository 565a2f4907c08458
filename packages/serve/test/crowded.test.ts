import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.ts';
import { temporary } from '../../core/test/support/temporary.ts';
import { agentOf, ask, ended, raw, session } from './support/ask.ts';
import { sealFile, visitor, world } from './support/world.ts';

const place = await temporary();
const root = await place.directory();
/** More than the kernel takes from a server whose client reads nothing. */
const LONG = 24 * 1_048_576;
beforeAll(async () => {
  await sealFile(join(root, 'long'), { model: 'long' }, LONG);
  await sealFile(join(root, 'short'), { model: 'short' });
});

const GET_LONG = 'GET /long HTTP/1.1\r\nhost: a\r\n\r\n';

/** Has asked for a long file, has its head, and reads no more. */
async function stuck(socket: TLSSocket): Promise<TLSSocket> {
  socket.write(GET_LONG);
  await once(socket, 'readable');
  return socket;
}

describe('who is slow', () => {
  it('with its headers, a byte at a time, is cut, and others are served meanwhile', async () => {
    await using here = await world({ root, limits: { headersMs: 1000 } });
    const to = { ...here, own: await visitor() };
    const slow = await Promise.all(Array.from({ length: 20 }, () => raw(to)));
    const timers = slow.map((socket) => setInterval(() => socket.write('G'), 20));
    expect((await ask({ ...to, own: await visitor('spiffe://prod/serving/b') }, '/short')).status).toBe(200);
    await Promise.all(slow.map(ended));
    for (const timer of timers) clearInterval(timer);
    expect((await ask(to, '/short')).status).toBe(200);
  });

  it('with its handshake leaves room for others, who come from another address', async () => {
    await using here = await world({ root, limits: { handshakes: 64 } });
    const silent = Array.from({ length: 300 }, () =>
      connectPlain(here.port, '127.0.0.1').on('error', () => {}),
    );
    // The oldest, where one address has the most.
    await Promise.any(silent.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    expect(here.server.metrics()).toMatch(/dropped_total [1-9]/);
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/short', {}, { from: '127.0.0.2' })).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });

  it('to read is cut once it takes nothing, over both versions of HTTP, and others are served meanwhile', async () => {
    await using here = await world({ root, limits: { stallMs: 500 } });
    const to = { ...here, own: await visitor() };
    const socket = await stuck(await raw(to));
    const over = session(to);
    const stream = over.request({ ':path': '/long' });
    stream.on('error', () => {});
    await once(stream, 'response');
    expect((await ask(to, '/short')).status).toBe(200);
    for (const version of ['1.1', '2.0'])
      expect(
        await here.logged(({ path, protocol }) => path === '/long' && protocol === version),
      ).toMatchObject({
        status: 200,
        code: 'ABORTED',
      });
    expect((await ask(to, '/short')).status).toBe(200);
    over.destroy();
    socket.destroy();
  });

  it('after its answer is cut when it says nothing, over HTTP/2 too', async () => {
    await using here = await world({ root, limits: { idleMs: 300 } });
    const to = { ...here, own: await visitor() };
    const over = session(to);
    const socket = await raw(to);
    socket.write('GET /short HTTP/1.1\r\nhost: a\r\n\r\n');
    socket.resume();
    await Promise.all([once(over, 'close'), ended(socket)]);
    await expect.poll(() => here.server.connections).toBe(0);
  });
});

describe('too much', () => {
  it('of one client is told 429, and another is served', async () => {
    await using here = await world({ root, limits: { connectionsPerClient: 2 } });
    const to = { ...here, own: await visitor() };
    const first = await stuck(await raw(to));
    const second = await stuck(await raw(to));
    const third = await ask(to, '/short');
    expect([third.status, third.headers['retry-after'], JSON.parse(third.body.toString()).code]).toEqual([
      429,
      '2',
      'STORE_THROTTLED',
    ]);
    expect((await ask({ ...to, own: await visitor('spiffe://prod/serving/b') }, '/short')).status).toBe(200);
    first.destroy();
    second.destroy();
  });

  it.each([
    ['connections', { connections: 1 }],
    ['requests', { requests: 1 }],
  ] as const)('%s in all is told 503, until there are fewer', async (_, limits) => {
    await using here = await world({ root, limits });
    const to = { ...here, own: await visitor() };
    const busy = await stuck(await raw(to));
    const refused = await ask(to, '/short');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '2']);
    busy.destroy();
    await here.logged(({ path }) => path === '/long');
    await expect.poll(async () => (await ask(to, '/short')).status).toBe(200);
  });

  it('lists of one client at once is told 429, and another has its own', async () => {
    const store = new MemoryStore();
    const { promise: after, resolve: go } = Promise.withResolvers<void>();
    store.fault = ({ method }) => (method === 'list' ? { after } : undefined);
    await using here = await world({ root: { store, key: '' } });
    const to = { ...here, own: await visitor() };
    const waiting = await Promise.all([raw(to), raw(to)]);
    for (const socket of waiting) socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => here.server.running).toBe(2);
    expect((await ask(to, '/')).status).toBe(429);
    const other = ask({ ...to, own: await visitor('spiffe://prod/serving/b') }, '/');
    await expect.poll(() => here.server.running).toBe(3);
    go();
    expect((await other).status).toBe(200);
    // Who asks while it is being looked for has what the next look finds, and all of them the same.
    expect(store.count('list')).toBeLessThanOrEqual(2);
    for (const socket of waiting) socket.destroy();
    await expect.poll(() => here.server.running).toBe(0);
    expect((await ask(to, '/')).status).toBe(200);
  });

  it('of one client at once comes at its rate', async () => {
    await using here = await world({ root, limits: { bytesPerSecond: 1_000_000 } });
    const answer = await ask({ ...here, own: await visitor() }, '/short');
    expect(answer).toMatchObject({ status: 200, cut: false });
    // A whole file of 137 kB cannot be there sooner.
    expect((await here.logged(() => true)).ms).toBeGreaterThan(30);
  });
});

describe('a drain', () => {
  const probe = async (port: number, path: string) => {
    const [answer] = await once(request({ host: '127.0.0.1', port, path, agent: false }).end(), 'response');
    answer.setEncoding('utf8');
    return { status: answer.statusCode, text: (await answer.toArray()).join('') };
  };

  it('lets answers go on, takes no connections, and is told to probes at once', async () => {
    await using here = await world({ root });
    const { port: admin } = await here.server.listenAdmin({});
    const to = { ...here, own: await visitor() };
    expect(await probe(admin, '/healthz')).toMatchObject({ status: 200 });
    expect(await probe(admin, '/readyz')).toMatchObject({ status: 200 });
    expect((await probe(admin, '/metrics')).text).toContain('weightseal_serve_ready 1\n');
    expect((await probe(admin, '/other')).status).toBe(404);
    const agent = agentOf(to);
    await ask(to, '/short', {}, { agent });
    const over = session(to);
    const stream = over.request({ ':path': '/long' });
    await once(stream, 'response');
    const socket = await stuck(await raw(to));
    const draining = here.server.drain(60_000);
    expect(await probe(admin, '/readyz')).toMatchObject({ status: 503 });
    await expect(ask(to, '/short')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    let [came, streamed] = [0, 0];
    socket.on('data', (data: Buffer) => {
      came += data.length;
    });
    stream.on('data', (data: Buffer) => {
      streamed += data.length;
    });
    await Promise.all([ended(socket), once(stream, 'close')]);
    expect(came).toBeGreaterThan(LONG);
    expect(streamed).toBeGreaterThan(LONG);
    expect(await draining).toEqual({ cut: 0 });
    agent.destroy();
    over.destroy();
  });

  it('cuts what has not ended in time, and says how many', async () => {
    await using here = await world({ root });
    const socket = await stuck(await raw({ ...here, own: await visitor() }));
    expect(await here.server.drain(1)).toEqual({ cut: 1 });
    expect(await here.logged(() => true)).toMatchObject({ path: '/long', code: 'ABORTED' });
    socket.destroy();
  });
});

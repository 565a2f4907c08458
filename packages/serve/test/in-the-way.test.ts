import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import { Pieces } from '../src/send/pieces.ts';
import { networkOf } from '../src/server/newcomers.ts';
import { ask, askHttp2, ended, raw, session } from './support/ask.ts';
import { sealFile, visitor, type World, world } from './support/world.ts';

const place = await temporary();
const root = await place.directory();
const LONG = 24 * 1_048_576;
let size: number;
beforeAll(async () => {
  await sealFile(join(root, 'long'), { model: 'long' }, LONG);
  await sealFile(join(root, 'short'), { model: 'short' });
  await using here = await world({ root });
  size = (await ask(await from(here), '/short')).body.length;
});

const from = async (here: World, name = 'a') => ({
  ...here,
  own: await visitor(`spiffe://prod/serving/${name}`),
});
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

describe('one client', () => {
  it('that asks for more at once than it may is told 429, and another is served', async () => {
    await using here = await world({ root, limits: { requestsPerClient: 2 } });
    const to = await from(here);
    const over = session(to);
    const waiting = ['/long', '/long'].map((path) => over.request({ ':path': path }));
    for (const stream of waiting) stream.on('error', () => {});
    await Promise.all(waiting.map((stream) => once(stream, 'response')));
    expect((await askHttp2(session(to), '/short')).status).toBe(429);
    expect((await ask(await from(here, 'b'), '/short')).status).toBe(200);
    over.destroy();
    await expect.poll(() => here.server.running).toBe(0);
    expect((await ask(to, '/short')).status).toBe(200);
  });

  it('pays for what it was sent when it comes anew', async () => {
    await using here = await world({ root, limits: { bytesPerSecond: 40_000 } });
    const to = await from(here);
    const range = { range: 'bytes=0-16383' };
    expect((await ask(to, '/short', range)).status).toBe(206);
    await expect.poll(() => here.server.connections).toBe(0);
    await ask(to, '/short', range);
    // What is sent in 400 ms was sent at once.
    expect(here.log[1]!.ms).toBeGreaterThan(200);
  });

  it('with one connection too many is told so, the connection ends, and one that asks later is answered', async () => {
    await using here = await world({ root, limits: { connectionsPerClient: 1 } });
    const to = await from(here);
    const [first, second, third] = [session(to), session(to), session(to)];
    await once(first, 'connect');
    await Promise.all([once(second, 'connect'), once(third, 'connect')]);
    const ofAll = await Promise.all([first, second].map((over) => askHttp2(over, '/short')));
    const refused = ofAll[0]!.status === 429 ? first : second;
    expect(ofAll.map(({ status }) => status).sort()).toEqual([200, 429]);
    if (!refused.destroyed) await once(refused, 'close');
    const taken = refused === first ? second : first;
    taken.destroy();
    await expect.poll(() => here.server.connections).toBe(1);
    expect((await askHttp2(third, '/short')).status).toBe(200);
    third.destroy();
  });

  it('or some that take nothing of their lists keep nobody else from one', async () => {
    await using here = await world({ root });
    const held = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) => {
        const { own } = await from(here, name);
        const over = connectHttp2(`https://127.0.0.1:${here.port}`, {
          ca: here.root.pem,
          cert: own.pem,
          key: own.key,
          settings: { initialWindowSize: 0 },
        }).on('error', () => {});
        await once(over, 'remoteSettings');
        const streams = [over.request({ ':path': '/' }), over.request({ ':path': '/' })];
        for (const stream of streams) stream.on('error', () => {});
        await Promise.all(streams.map((stream) => once(stream, 'response')));
        return over;
      }),
    );
    expect((await ask(await from(here, 'e'), '/')).status).toBe(200);
    for (const over of held) over.destroy();
  });

  it('that sends a body is refused over both versions of HTTP', async () => {
    await using here = await world({ root });
    const to = await from(here);
    const socket = await raw(to);
    socket.write('GET /short HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\na');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /);
    const over = session(to);
    const stream = over.request({ ':path': '/short' }, { endStream: false });
    stream.on('error', () => {});
    expect((await once(stream, 'response'))[0][':status']).toBe(400);
    over.destroy();
  });
});

describe('requests that come before the answer ahead of them is over', () => {
  it('are answered in their turn, however long that takes', async () => {
    await using here = await world({ root, limits: { bytesPerSecond: 300_000, stallMs: 200 } });
    const socket = await raw(await from(here));
    let came = 0;
    socket.on('data', (data: Buffer) => {
      came += data.length;
    });
    socket.write(get('/short') + get('/short'));
    await expect.poll(() => here.log.length, { timeout: 10_000 }).toBe(2);
    expect(here.log.map(({ status, bytes, code }) => [status, bytes, code])).toEqual([
      [200, size, undefined],
      [200, size, undefined],
    ]);
    await expect.poll(() => came).toBeGreaterThan(2 * size);
    socket.destroy();
  });

  it('are over when their connection is', async () => {
    await using here = await world({ root });
    const socket = await raw(await from(here));
    socket.write(get('/long') + get('/short') + get('/short'));
    await once(socket, 'readable');
    await expect.poll(() => here.server.running).toBe(3);
    socket.destroy();
    await expect.poll(() => here.server.running).toBe(0);
    expect(here.log.map(({ code }) => code)).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    await expect.poll(() => here.server.connections).toBe(0);
  });

  it('and are too many end it', async () => {
    await using here = await world({ root });
    const socket = await raw(await from(here));
    socket.write(get('/long') + get('/short').repeat(40));
    socket.resume();
    await ended(socket);
    await expect.poll(() => here.server.running).toBe(0);
  });
});

describe('connections that say nothing', () => {
  it('keep no drain waiting', async () => {
    await using here = await world({ root });
    const silent = connectPlain(here.port, '127.0.0.1').on('error', () => {});
    await once(silent, 'connect');
    // Whoever comes after it was taken before.
    expect((await ask(await from(here), '/short')).status).toBe(200);
    expect(await here.server.drain(60_000)).toEqual({ cut: 0 });
    // A handshake has ten seconds.
  }, 9000);

  it('keep no probe waiting', async () => {
    await using here = await world({ root });
    const { port } = await here.server.listenAdmin({});
    const silent = Array.from({ length: 200 }, () => connectPlain(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

it('the log has a target without what went before its path, and a method that is bounded', async () => {
  await using here = await world({ root });
  const to = await from(here);
  const socket = await raw(to);
  socket.write('GET https://somebody:secret@a/short?q HTTP/1.1\r\nhost: a\r\n\r\n');
  socket.resume();
  expect(await here.logged(() => true)).toMatchObject({ status: 200, path: '/short' });
  socket.destroy();
  const over = session(to);
  const stream = over.request({ ':path': '/short', ':method': 'X'.repeat(5000) });
  stream.on('error', () => {});
  expect((await once(stream, 'response'))[0][':status']).toBe(405);
  expect((await here.logged(({ status }) => status === 405)).method).toHaveLength(32);
  over.destroy();
});

it('pieces are small where there are many answers, or many connections', () => {
  const pieces = new Pieces();
  expect(pieces.most).toBe(1_048_576);
  pieces.connected(1000);
  expect(pieces.most).toBe(32_768);
  for (let at = 0; at < 1000; at++) pieces.begin();
  expect(pieces.most).toBe(16_384);
});

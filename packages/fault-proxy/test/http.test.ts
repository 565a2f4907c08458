import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { describe, expect, it } from 'vitest';
import { echoServer } from './support/echo-server.js';
import { ask, errorCode } from './support/http-client.js';
import { RESET } from './support/reset.js';

/** The bytes that a plain TCP client gets for a question, and how the connection ended. */
function raw(port: number): Promise<{ head: string; body: Buffer; end: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let end = 'FIN';
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      end = code ?? '';
    });
    socket.on('close', () => {
      const bytes = Buffer.concat(chunks);
      const at = bytes.indexOf('\r\n\r\n');
      resolve({ head: bytes.subarray(0, at).toString(), body: bytes.subarray(at + 4), end });
    });
  });
}

const declared = (head: string) => Number(/content-length: (\d+)/i.exec(head)?.[1]);

describe('without a fault', () => {
  it('question and answer pass unchanged', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: `${server.url}/base` });
    const response = await fetch(`${proxy.url}/keys?api=7`, {
      method: 'PUT',
      body: 'question',
      headers: { authorization: 'Bearer t', 'content-type': 'text/plain' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-request-id')).toBe('r-1');
    expect(await response.json()).toMatchObject({
      method: 'PUT',
      url: '/base/keys?api=7',
      body: 'question',
      headers: { host: `127.0.0.1:${proxy.port}`, authorization: 'Bearer t', 'content-type': 'text/plain' },
    });
    expect(proxy.requests).toBe(1);
  });

  it('the Host header is the client’s, or the one that was asked for', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url, host: 'vault.example' });
    const { body } = await ask(proxy.url);
    expect(JSON.parse(body).headers.host).toBe('vault.example');
  });

  it('a kept connection serves several requests', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const reused: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      await new Promise<void>((resolve, reject) => {
        const outgoing = request(proxy.url, { agent }, (incoming) => incoming.resume().once('end', resolve));
        outgoing.once('error', reject).end();
        outgoing.once('close', () => reused.push(outgoing.reusedSocket));
      });
      await new Promise(setImmediate);
    }
    agent.destroy();
    expect(reused).toEqual([false, true, true]);
  });
});

describe('a fault happens on the wire:', () => {
  it('refuse closes the port and open connections, and lifting it opens the same port', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const idle = connect(proxy.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => idle.resume().once('close', resolve));
    const { port } = proxy;
    proxy.fault = { kind: 'refuse' };
    await proxy.ready;
    await ended;
    expect(await errorCode(ask(proxy.url))).toBe('ECONNREFUSED');
    proxy.fault = { kind: 'none' };
    await proxy.ready;
    expect(proxy.port).toBe(port);
    expect((await ask(proxy.url)).status).toBe(201);
  });

  it('reset sends so many bytes of the body, then RST', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const whole = await raw(proxy.port);
    proxy.fault = { kind: 'reset', afterBytes: 5 };
    const cut = await raw(proxy.port);
    expect(RESET).toContain(cut.end);
    expect(cut.body.toString()).toBe('{"met');
    expect(declared(cut.head)).toBe(whole.body.length);
    proxy.fault = { kind: 'reset', afterBytes: 0 };
    const none = await raw(proxy.port);
    expect(RESET).toContain(none.end);
    expect(none.body).toHaveLength(0);
    expect(await errorCode(ask(proxy.url))).toBe('ECONNRESET');
  });

  it('truncate ends the connection early, or declares only what it sends', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const whole = await raw(proxy.port);
    const half = whole.body.length >> 1;
    proxy.fault = { kind: 'truncate' };
    const early = await raw(proxy.port);
    expect([early.end, early.body.length, declared(early.head)]).toEqual(['FIN', half, whole.body.length]);
    proxy.fault = { kind: 'truncate', declare: 'kept', keepBytes: 7 };
    const kept = await raw(proxy.port);
    expect([kept.body.toString(), declared(kept.head)]).toEqual(['{"metho', 7]);
  });

  it('garbage keeps the head and replaces the body', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    proxy.fault = { kind: 'garbage' };
    const response = await fetch(proxy.url);
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'application/json']);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it('answer is a burst where it is told how many times, and the server is not asked', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const answer = jsonAnswer(429, { __type: 'ThrottlingException' });
    proxy.fault = { kind: 'answer', answer, times: 2 };
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask(proxy.url)).status);
    expect(statuses).toEqual([429, 429, 201, 201]);
    expect([proxy.requests, server.requests]).toEqual([4, 2]);
    proxy.fault = { kind: 'answer', answer };
    for (let i = 0; i < 4; i++) expect(await ask(proxy.url)).toMatchObject({ status: 429 });
  });

  it('rewrite changes the real answer, for the requests that it is meant for', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    proxy.fault = {
      kind: 'rewrite',
      when: ({ path }) => path === '/wrap',
      rewrite: (answer, { body }) => ({
        ...answer,
        status: 200,
        body: Buffer.concat([answer.body, Buffer.from(` for ${Buffer.from(body)}`)]),
      }),
    };
    expect((await ask(`${proxy.url}/wrap`, 'this')).body).toMatch(/"url":"\/wrap".* for this$/);
    expect(await ask(`${proxy.url}/unwrap`)).toMatchObject({ status: 201 });
  });

  it('stall answers late', async () => {
    await using server = await echoServer();
    await using proxy = await httpFaultProxy({ upstream: server.url });
    proxy.fault = { kind: 'stall', forMs: 100 };
    const before = performance.now();
    expect((await ask(proxy.url)).status).toBe(201);
    // Timers may be a millisecond early.
    expect(performance.now() - before).toBeGreaterThan(98);
  });
});

it('a proxy can be disposed of twice, and while it refuses connections', async () => {
  const proxy = await httpFaultProxy({ upstream: 'http://127.0.0.1:9' });
  proxy.fault = { kind: 'refuse' };
  await proxy[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  expect(await errorCode(ask(proxy.url))).toBe('ECONNREFUSED');
});

describe('what is no fault is told at the end:', () => {
  it('a rewrite that throws', async () => {
    await using server = await echoServer();
    const proxy = await httpFaultProxy({ upstream: server.url });
    const mistake = new Error('a mistake of the test');
    proxy.fault = {
      kind: 'rewrite',
      rewrite: () => {
        throw mistake;
      },
    };
    expect(await errorCode(ask(proxy.url))).toBe('ECONNRESET');
    await expect(proxy[Symbol.asyncDispose]()).rejects.toBe(mistake);
  });

  it('an upstream that is gone', async () => {
    const server = await echoServer();
    await server[Symbol.asyncDispose]();
    const proxy = await httpFaultProxy({ upstream: server.url });
    expect(await errorCode(ask(proxy.url))).toBe('ECONNRESET');
    await expect(proxy[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { httpFaultProxy } from '@weightseal/fault-proxy';
import { expect, it } from 'vitest';
import { selfSigned } from './support/certificate.js';
import { errorCode } from './support/http-client.js';
import { RESET } from './support/reset.js';

async function between() {
  const server = await selfSigned();
  const tls = await selfSigned();
  const upstream = createServer(server, (_, response) => response.end('answer')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const url = `https://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const proxy = await httpFaultProxy({ upstream: url, ca: server.cert, tls });
  const end = async () => {
    upstream.close();
    await proxy[Symbol.asyncDispose]();
  };
  return { url, tls, proxy, [Symbol.asyncDispose]: end };
}

function get(url: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, agent: false }, (incoming) => {
      buffer(incoming).then((bytes) => resolve(bytes.toString()), reject);
    });
    outgoing.once('error', reject).end();
  });
}

it('TLS on both sides, each with a certificate of its own', async () => {
  await using here = await between();
  expect(here.proxy.url).toBe(`https://127.0.0.1:${here.proxy.port}`);
  expect(await get(here.proxy.url, here.tls.cert)).toBe('answer');
});

it('an upstream whose certificate is not trusted is not asked', async () => {
  await using here = await between();
  const proxy = await httpFaultProxy({ upstream: here.url, tls: here.tls });
  expect(await errorCode(get(proxy.url, here.tls.cert))).toBe('ECONNRESET');
  await expect(proxy[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

it('reset cuts TCP under TLS, in the middle of the answer', async () => {
  await using here = await between();
  here.proxy.fault = { kind: 'reset', afterBytes: 3 };
  const socket = connect({ port: here.proxy.port, host: '127.0.0.1', ca: here.tls.cert });
  const chunks: Buffer[] = [];
  let end: string | undefined = 'FIN';
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    end = code;
  });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(Buffer.concat(chunks).toString()).toMatch(/\r\n\r\nans$/);
  expect(RESET).toContain(end);
});

it('truncate and refuse happen under TLS too', async () => {
  await using here = await between();
  here.proxy.fault = { kind: 'truncate' };
  expect(await errorCode(get(here.proxy.url, here.tls.cert))).toBe('ECONNRESET');
  here.proxy.fault = { kind: 'refuse' };
  await here.proxy.ready;
  expect(await errorCode(get(here.proxy.url, here.tls.cert))).toBe('ECONNREFUSED');
});

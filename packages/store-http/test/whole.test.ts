import { createHttpStore, readWhole } from '@weightseal/store-http';
import { afterAll, expect, it } from 'vitest';
import { WebServer } from './support/server.js';

const server = await WebServer.start();
afterAll(() => server[Symbol.asyncDispose]());
const { signal } = new AbortController();
const read = (most: number, tuning = {}) => readWhole(createHttpStore(server.url), '', most, signal, tuning);

it('a small answer is asked for again where that may help', async () => {
  let asked = 0;
  server.instead = (_, response) => {
    if (asked++ === 0) response.writeHead(503).end();
    else response.writeHead(200).end('all of it');
    return true;
  };
  expect(Buffer.from(await read(9)).toString()).toBe('all of it');
  expect(asked).toBe(2);
  await expect(read(8)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
});

it('has a deadline, also where it trickles or nothing comes', async () => {
  server.instead = (_, response) => {
    response.writeHead(200);
    const trickling = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(trickling));
    return true;
  };
  await expect(read(1000, { deadlineMs: 100 })).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
  server.instead = () => true;
  const once = { requestTimeoutMs: 50, attempts: 1 };
  await expect(read(1000, once)).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
});

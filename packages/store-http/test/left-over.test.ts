import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { silentPort } from '@weightseal/fault-proxy';
import { afterAll, expect, it } from 'vitest';
import { WebServer } from './support/server.js';

const server = await WebServer.start();
afterAll(() => server[Symbol.asyncDispose]());
server.put('/a', new Uint8Array(200_000));

/** What a process says that ends by itself; one that has something left over is ended here, and fails. */
async function endsByItself(url: string, script: string): Promise<string> {
  const start = `
    import { createHttpStore } from '@weightseal/store-http';
    const store = createHttpStore(${JSON.stringify(url)});
    const range = { offset: 0, length: 200_000 };
    const call = { signal: new AbortController().signal };
  `;
  const args = ['--input-type=module', '-e', `${start}${script}`];
  const options = { cwd: import.meta.dirname, timeout: 120_000 };
  return (await promisify(execFile)(process.execPath, args, options)).stdout.trim();
}

it('a kept connection does not keep the process, though nobody closes the store', async () => {
  const script = `let length = 0;
    for await (const piece of (await store.read('a', range, call)).body) length += piece.length;
    console.log(length)`;
  expect(await endsByItself(server.url, script)).toBe('200000');
});

it('neither does a body that was left in the middle, or a call that was aborted', async () => {
  const script = `for await (const _ of (await store.read('a', range, call)).body) break;
    console.log('left')`;
  expect(await endsByItself(server.url, script)).toBe('left');
  const url = `http://127.0.0.1:${await silentPort()}`;
  const aborted = `await store.stat('a', { signal: AbortSignal.timeout(50) }).catch(({ code }) => console.log(code))`;
  expect(await endsByItself(url, aborted)).toBe('ABORTED');
});

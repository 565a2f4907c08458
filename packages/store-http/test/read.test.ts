import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createHttpStore } from '@weightseal/store-http';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

const run = promisify(execFile);
const server = await WebServer.start();
const store = createHttpStore(server.url);
afterAll(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
});

const bytes = someBytes(300_000);
const call = { signal: new AbortController().signal };
beforeEach(() => {
  server.habits = {};
  server.instead = () => false;
  server.seen.length = 0;
  server.put('/models/a', bytes);
  server.put('/empty', new Uint8Array());
});
const versionOf = async () => (await store.stat('models/a', call)).version;

describe('a store over https', () => {
  it('tells the size, the version and the date of an object, in one request', async () => {
    expect(await store.stat('models/a', call)).toMatchObject({
      key: 'models/a',
      size: 300_000,
      modified: '2026-11-02T10:00:00.000Z',
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it.each([403, 405, 501])('asks for one byte where HEAD is refused with %i', async (head) => {
    server.habits = { head };
    expect(await store.stat('models/a', call)).toMatchObject({ size: 300_000 });
    expect(server.seen.at(-1)).toMatchObject({ method: 'GET', headers: { range: 'bytes=0-0' } });
  });

  it('reads a range of the version that was found', async () => {
    const version = await versionOf();
    const answer = await store.read('models/a', { offset: 1000, length: 70_000, version }, call);
    expect(answer.object).toMatchObject({ size: 300_000, version });
    expect((await bytesOf(answer)).equals(bytes.subarray(1000, 71_000))).toBe(true);
    expect(server.seen.at(-1)!.headers).toMatchObject({
      range: 'bytes=1000-70999',
      'if-match': version,
      'accept-encoding': 'identity',
    });
  });

  it('reads to the end where the object ends before', async () => {
    const answer = await store.read('models/a', { offset: 299_990, length: 100 }, call);
    expect((await bytesOf(answer)).equals(bytes.subarray(299_990))).toBe(true);
  });

  it('reads an empty object', async () => {
    expect(await store.stat('empty', call)).toMatchObject({ size: 0 });
    const answer = await store.read('empty', { offset: 0, length: 10 }, call);
    expect(answer.object.size).toBe(0);
    expect(await bytesOf(answer)).toHaveLength(0);
  });

  it('says what is not there', async () => {
    const missing = { code: 'INPUT_NOT_FOUND' };
    await expect(store.stat('no', call)).rejects.toMatchObject(missing);
    await expect(store.read('no', { offset: 0, length: 1 }, call)).rejects.toMatchObject(missing);
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    server.instead = ({ socket }) => {
      ports.add(socket.remotePort);
      return false;
    };
    for (let at = 0; at < 5; at++)
      await bytesOf(await store.read('models/a', { offset: at, length: 1 }, call));
    expect(ports.size).toBe(1);
  });

  it('asks for names that no URL has as they are', async () => {
    server.put('/a b/?x#%y', bytes);
    expect(await store.stat('a b/?x#%y', call)).toMatchObject({ size: 300_000 });
    // As they stand in a URI.
    expect(await store.stat('a%20b/%3Fx%23%25y', call)).toMatchObject({ size: 300_000 });
  });
});

describe('an object that is replaced', () => {
  const later = 'Mon, 02 Nov 2026 11:00:00 GMT';
  const habits = {
    'by its ETag': {},
    'by its ETag, where If-Match is not heeded': { heeds: false },
    'by its date, where the ETag is weak': { etag: 'weak' },
    'by its date, where there is no ETag': { etag: 'none' },
    'by its date, where nothing is heeded': { etag: 'none', heeds: false },
  } as const;

  it.each(Object.entries(habits))('is noticed %s', async (_, habit) => {
    server.habits = habit;
    const version = await versionOf();
    server.put('/models/a', someBytes(300_000, 2), later);
    await expect(store.read('models/a', { offset: 5, length: 5, version }, call)).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  });

  it('by a shorter one is noticed where nothing is left of the range', async () => {
    server.habits = { etag: 'none', heeds: false };
    const version = await versionOf();
    server.put('/models/a', someBytes(10), later);
    await expect(store.read('models/a', { offset: 500, length: 5, version }, call)).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  });

  it('cannot be noticed without ETag and date, and is read only by who says so', async () => {
    server.habits = { etag: 'none', lastModified: false };
    await expect(store.stat('models/a', call)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    const unpinned = createHttpStore(server.url, { allowUnpinned: true });
    const { version } = await unpinned.stat('models/a', call);
    const answer = await unpinned.read('models/a', { offset: 7, length: 9, version }, call);
    expect((await bytesOf(answer)).equals(bytes.subarray(7, 16))).toBe(true);
    await unpinned.close();
  });

  it('cannot be noticed from one process to the next, so that none goes on with what another has of it', async () => {
    server.habits = { etag: 'none', lastModified: false };
    const script = `
      import { createHttpStore } from '@weightseal/store-http';
      const store = createHttpStore('${server.url}', { allowUnpinned: true });
      console.log((await store.stat('models/a', { signal: AbortSignal.timeout(30_000) })).version);
      await store.close();`;
    const another = async () => {
      const args = ['--input-type=module', '-e', script];
      return (await run(process.execPath, args, { cwd: import.meta.dirname })).stdout;
    };
    expect(await another()).not.toBe(await another());
  });
});

describe('a call that is aborted', () => {
  it('ends before the answer, and in the middle of it', async () => {
    const stop = new AbortController();
    server.instead = () => {
      stop.abort();
      return true;
    };
    await expect(store.stat('models/a', { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    const later = new AbortController();
    server.instead = (_, response) => {
      response.writeHead(206, {
        'content-range': 'bytes 0-99/300000',
        'content-length': '100',
        etag: '"x"',
      });
      response.write('half');
      return true;
    };
    const { body } = await store.read('models/a', { offset: 0, length: 100 }, { signal: later.signal });
    const taking = (async () => {
      for await (const _ of body) later.abort();
    })();
    await expect(taking).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

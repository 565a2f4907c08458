import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { auditGcs, bearerAsk } from '@weightseal/storage-audit';
import { afterAll, describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';

const servers: { close(): void; closeAllConnections(): void }[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const token = async () => 'the-token';

describe('with a bearer token', () => {
  it('an API is asked', async () => {
    const seen: unknown[] = [];
    const origin = await serving((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      response.end('{"a":1}');
    });
    expect(await bearerAsk({ origin, token })('/a/b?c=d', {})).toEqual({ status: 200, body: { a: 1 } });
    expect(await bearerAsk({ origin, token: async () => undefined })('/x', {})).toMatchObject({
      status: 200,
    });
    expect(seen).toEqual([
      ['GET', '/a/b?c=d', 'Bearer the-token'],
      ['GET', '/x', undefined],
    ]);
  });

  it('no other host is, whatever the path or the answer says', async () => {
    let asked = 0;
    const other = await serving((_request, response) => {
      asked++;
      response.end('{}');
    });
    const origin = await serving((_request, response) => response.writeHead(302, { location: other }).end());
    const ask = bearerAsk({ origin, token });
    expect(await ask('/a', {})).toEqual({ status: 302, body: undefined });
    for (const path of [other, `//${other.slice('http://'.length)}/a`])
      expect((await refusal(() => ask(path, {}))).code).toBe('INVALID_ARGUMENT');
    expect(asked).toBe(0);
  });

  it('an answer ends, in time and in length', async () => {
    const silent = await serving(() => {});
    const ask = bearerAsk({ origin: silent, token, deadlineMs: 50 });
    expect((await refusal(() => ask('/', {}))).code).toBe('STORE_TIMEOUT');
    const endless = await serving((_request, response) => {
      const piece = Buffer.alloc(1 << 20, 32);
      const write = (): void => {
        if (!response.destroyed) response.write(piece, () => setImmediate(write));
      };
      write();
    });
    expect((await refusal(() => bearerAsk({ origin: endless, token })('/', {}))).code).toBe(
      'STORE_RESPONSE_INVALID',
    );
  });

  it('it may be stopped, and may fail', async () => {
    const silent = await serving(() => {});
    const ending = new AbortController();
    const asked = refusal(() => bearerAsk({ origin: silent, token })('/', { signal: ending.signal }));
    ending.abort();
    expect((await asked).code).toBe('ABORTED');
    const none = bearerAsk({ origin: 'http://127.0.0.1:9', token });
    expect((await refusal(() => none('/', {}))).code).toBe('STORE_UNAVAILABLE');
    const broken = bearerAsk({ origin: silent, token: () => Promise.reject(new Error('the-token')) });
    const error = await refusal(() => broken('/', {}));
    expect([error.code, error.message.includes('the-token')]).toEqual(['STORE_UNAVAILABLE', false]);
  });

  it.each([
    ['a line break at its end', 'ya29.secret\n'],
    ['a header of its own', 'ya29.secret\r\nx-a: b'],
    ['letters beyond ASCII', 'ya29.secret\u2013'],
    ['a space', 'ya29 secret'],
    ['no character', 'ya29.secret\0'],
    ['nothing', ''],
    ['no text', Buffer.from('ya29.secret') as unknown as string],
  ])('a token that cannot be sent is in no error, for %s', async (_what, given) => {
    let asked = 0;
    const origin = await serving((_request, response) => {
      asked++;
      response.end('{}');
    });
    const error = await refusal(() => bearerAsk({ origin, token: async () => given })('/', {}));
    expect([error.code, asked, error.cause]).toEqual(['INVALID_ARGUMENT', 0, undefined]);
    const told = inspect(error, { depth: null, showHidden: true });
    for (const text of [told, error.message, error.stack ?? '']) expect(text).not.toMatch(/ya29/);
    const findings = await auditGcs('models-eu', bearerAsk({ origin, token: async () => given }));
    expect(JSON.stringify(findings)).not.toMatch(/ya29/);
    expect(new Set(findings.map(({ outcome }) => outcome))).toEqual(new Set(['unread']));
  });

  it('a token is in no error of what could not be reached', async () => {
    const error = await refusal(() => bearerAsk({ origin: 'http://127.0.0.1:9', token })('/', {}));
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('the-token');
  });

  it.each([
    'http://storage.example',
    'ftp://127.0.0.1',
    'https://host/path',
    'https://user@host',
    'https://host?x',
    'host',
  ])('not at %s', (origin) => {
    expect(() => bearerAsk({ origin, token })).toThrow(/`origin` is/);
  });
});

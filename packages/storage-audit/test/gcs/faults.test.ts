import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Fault,
  googleRestBusy,
  type HttpAnswer,
  httpFaultProxy,
  jsonAnswer,
} from '@weightseal/fault-proxy';
import { auditGcs, bearerAsk } from '@weightseal/storage-audit';
import { afterAll, describe, expect, it } from 'vitest';
import { BUCKET, CRYPTO_KEY, NAME, POLICY } from './recorded.js';

const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const { url = '' } = request;
  response.end(JSON.stringify(url.includes('/iam') ? POLICY : url.startsWith('/v1/') ? CRYPTO_KEY : BUCKET));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function audited(fault: Fault<HttpAnswer>, deadlineMs = 20_000) {
  await using proxy = await httpFaultProxy({ upstream });
  proxy.fault = fault;
  await proxy.ready;
  const ask = bearerAsk({ origin: proxy.url, token: async () => 'the-token', deadlineMs });
  const findings = await auditGcs(NAME, ask, { kms: ask });
  return { outcomes: new Set(findings.map(({ outcome }) => outcome)), requests: proxy.requests, findings };
}

const all = new Set(['passed', 'inapplicable']);
const none = new Set(['unread']);
const { throttled, unavailable } = googleRestBusy;

describe.concurrent('what comes over a bad line', () => {
  it.each<[string, Fault<HttpAnswer>]>([
    ['a connection that is reset', { kind: 'reset', times: 3 }],
    ['an answer that is cut off', { kind: 'truncate', times: 3 }],
    ['a throttle', { kind: 'answer', answer: throttled, times: 3 }],
    ['an overload', { kind: 'answer', answer: unavailable, times: 3 }],
    ['bytes that trickle in', { kind: 'trickle', bytes: 512, everyMs: 1 }],
  ])('is read all the same, after %s', async (_what, fault) => {
    expect((await audited(fault)).outcomes).toEqual(all);
  });

  it.each<[string, Fault<HttpAnswer>, number?]>([
    ['connections that are reset', { kind: 'reset' }],
    ['answers that are cut off', { kind: 'truncate', declare: 'kept' }],
    ['a storm of 503', { kind: 'answer', answer: unavailable }],
    ['nobody', { kind: 'refuse' }],
    ['silence', { kind: 'stall' }, 300],
    ['answers that stop half-way', { kind: 'hang' }, 300],
    ['a page of a proxy', { kind: 'garbage', body: Buffer.from('<html>sign in</html>') }],
    ['a refusal', { kind: 'answer', answer: jsonAnswer(403, { error: { code: 403 } }) }],
    [
      'the answer for another bucket',
      { kind: 'answer', answer: jsonAnswer(200, { ...BUCKET, name: 'other', bindings: 1 }) },
    ],
  ])('is unread, for %s', async (_what, fault, deadlineMs) => {
    const { outcomes, findings } = await audited(fault, deadlineMs);
    expect(outcomes).toEqual(none);
    expect(JSON.stringify(findings)).not.toContain('the-token');
  });

  it('is asked for four times, and no more', async () => {
    expect((await audited({ kind: 'answer', answer: throttled })).requests).toBe(8);
    expect((await audited({ kind: 'answer', answer: jsonAnswer(404, {}) })).requests).toBe(2);
  });
});

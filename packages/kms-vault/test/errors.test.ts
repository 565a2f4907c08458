import type { WrappedKey } from '@weightseal/core';
import { type HttpAnswer, httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { createVaultKey } from '@weightseal/kms-vault';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { failureOf } from './fake/codes.js';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const CONTEXT = { model: 'bert' };
const fake = await FakeVault.start();
const models = fake.create('models');
fake.tokens.set(TOKEN, ['*']);
const proxy = await httpFaultProxy({ upstream: fake.address });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await fake[Symbol.asyncDispose]();
});
afterEach(() => {
  proxy.fault = { kind: 'none' };
});

const key = createVaultKey({ address: proxy.url, name: 'models', token: TOKEN });
const dataKey = new Uint8Array(32).fill(7);
const wrapped = await key.wrap(dataKey, CONTEXT);

const saying = (status: number, ...errors: readonly string[]) => jsonAnswer(status, { errors });
const page = (status: number, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: Buffer.from('<html>Log in</html>'),
});

// Words of Vault 1.21.1 and OpenBao 2.7.2, as the servers gave them.
const refusals = [
  ['unwrap', saying(400, 'cipher: message authentication failed'), 'UNWRAP_REJECTED', /context/],
  ['unwrap', saying(400, 'chacha20poly1305: message authentication failed'), 'UNWRAP_REJECTED', /context/],
  ['unwrap', saying(400, 'invalid ciphertext: version is too new'), 'UNWRAP_REJECTED', /no such version/],
  ['unwrap', saying(400, 'invalid ciphertext length'), 'UNWRAP_REJECTED', /does not take the wrap/],
  [
    'unwrap',
    saying(400, 'ciphertext or signature version is disallowed by policy (too old)'),
    'KEY_DISABLED',
    /transit\/keys\/models\/config min_decryption_version/,
  ],
  ['unwrap', saying(400, 'refusing to use soft-deleted key'), 'KEY_DISABLED', /soft-delete-restore/],
  [
    'rotate',
    saying(500, '1 error occurred:\n\t* refusing to use soft-deleted key\n\n'),
    'KEY_DISABLED',
    /soft/,
  ],
  ['unwrap', saying(400, 'encryption key not found'), 'KEY_NOT_FOUND', /transit\/keys\/models/],
  ['wrap', saying(400, 'unknown key type none'), 'KEY_NOT_FOUND', /transit\/keys\/models/],
  ['rotate', saying(400, 'key not found'), 'KEY_NOT_FOUND', /transit\/keys\/models/],
  ['schedule', saying(400, 'no existing key named models could be found'), 'KEY_NOT_FOUND', /models/],
  ['describe', saying(404), 'KEY_NOT_FOUND', /no such key/],
  [
    'wrap',
    saying(404, 'no handler for route "transit/encrypt/models". route entry not found.'),
    'KEY_NOT_FOUND',
    /No Transit engine is mounted at transit\//,
  ],
  ['wrap', saying(404, 'namespace not found'), 'KEY_NOT_FOUND', /namespace in the URI/],
  [
    'wrap',
    saying(405, '1 error occurred:\n\t* unsupported operation\n\n'),
    'KEY_NOT_FOUND',
    /No Transit engine/,
  ],
  ['wrap', jsonAnswer(404, { request_id: 'x', data: null }), 'KEY_NOT_FOUND', /no Transit engine/],
  ['wrap', saying(403, 'permission denied'), 'KEY_DENIED', /`update` on transit\/encrypt\/models/],
  ['unwrap', saying(403, 'permission denied'), 'KEY_DENIED', /`update` on transit\/decrypt\/models/],
  ['describe', saying(403, 'permission denied'), 'KEY_DENIED', /`read` on transit\/keys\/models/],
  ['rotate', saying(403, 'permission denied'), 'KEY_DENIED', /`update` on transit\/keys\/models\/rotate/],
  ['schedule', saying(403, 'permission denied'), 'KEY_DENIED', /`update` on transit\/keys\/models\/config/],
  [
    'unwrap',
    saying(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
    'KEY_DENIED',
    /expired/,
  ],
  ['unwrap', saying(400, 'missing client token'), 'KEY_DENIED', /token/],
  [
    'wrap',
    saying(400, "'[0].associated_data' provided for non-AEAD cipher suite rsa-2048"),
    'INVALID_ARGUMENT',
    /aes256-gcm96/,
  ],
  ['wrap', saying(400, 'something else'), 'KEY_RESPONSE_INVALID', /as it is/],
  ['wrap', saying(503, 'Vault is sealed'), 'KEY_UNAVAILABLE', /It is sealed/],
  ['wrap', saying(501, 'Vault is not initialized'), 'KEY_UNAVAILABLE', /not initialized/],
  ['wrap', saying(503, 'node is not active'), 'KEY_UNAVAILABLE', /standby/],
  ['wrap', saying(473), 'KEY_UNAVAILABLE', /standby/],
  ['wrap', saying(412, 'required index state not present'), 'KEY_UNAVAILABLE', /lags behind/],
  ['wrap', saying(500, 'internal error'), 'KEY_UNAVAILABLE', /its log/],
  ['wrap', page(502), 'KEY_UNAVAILABLE', /stands before it/],
  ['wrap', saying(429, 'rate limit quota exceeded'), 'KEY_THROTTLED', /quota/],
  ['wrap', page(429), 'KEY_THROTTLED', /wait/],
  ['unwrap', page(403), 'KEY_RESPONSE_INVALID', /leads to Vault/],
  ['unwrap', page(404), 'KEY_RESPONSE_INVALID', /leads to Vault/],
] as const;

const calls = {
  wrap: () => key.wrap(dataKey, CONTEXT),
  unwrap: () => key.unwrap(wrapped, CONTEXT),
  describe: () => key.describe(),
  rotate: () => key.rotate(),
  schedule: () => key.scheduleRotation(30),
};

describe('what the server says gets a code and a sentence', () => {
  for (const [call, answer, code, sentence] of refusals) {
    it(`${call}: ${answer.status} ${Buffer.from(answer.body)}: ${code}`, async () => {
      // An hour's wait is beyond the deadline, so that nothing is asked twice.
      proxy.fault = { kind: 'answer', answer: { ...answer, headers: { 'retry-after': '3600' } } };
      const error = await failureOf(calls[call]);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(sentence);
      expect(error.message).not.toMatch(/[{}]/);
      expect(error.cause).toBeInstanceOf(Error);
    });
  }
});

describe('redirects', () => {
  it.each([301, 302, 307, 308])('%i is not followed: the token goes nowhere else', async (status) => {
    await using elsewhere = await FakeVault.start();
    proxy.fault = {
      kind: 'answer',
      answer: jsonAnswer(status, {}, { location: `${elsewhere.address}/v1/x` }),
    };
    const { code, message } = await failureOf(() => key.unwrap(wrapped, CONTEXT));
    expect(code).toBe('KEY_UNAVAILABLE');
    expect(message).toContain('active node');
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('what a server repeats', () => {
  const bytes = Buffer.from(dataKey);
  it.each([
    TOKEN,
    bytes.toString('base64'),
    bytes.toString('hex'),
    bytes.join(', '),
    `a${Buffer.alloc(30, 0xe9).toString('latin1')}b`,
    Buffer.alloc(33, 'w/8w').toString('latin1').replaceAll('/', '\\/'),
  ])('is not in the error: %s', async (secret) => {
    proxy.fault = { kind: 'answer', answer: saying(400, `bad request ${secret}`) };
    const error = await failureOf(() => key.wrap(dataKey, CONTEXT));
    expect(String(error.cause)).toBe('VaultError: bad request [removed]');
  });
});

describe('retries', () => {
  const times = (answer: HttpAnswer, count: number) => {
    const before = proxy.requests;
    proxy.fault = { kind: 'answer', answer, times: count };
    return () => proxy.requests - before;
  };

  it.each([saying(429), saying(503, 'Vault is sealed'), saying(412), saying(500), page(502)])(
    'a call survives three of $status',
    async (answer) => {
      const asked = times({ ...answer, headers: { 'retry-after': '0' } }, 3);
      await key.wrap(dataKey, CONTEXT);
      expect(asked()).toBe(4);
    },
  );

  it.each([saying(400), saying(403), saying(404), page(404), saying(405)])(
    '$status is final',
    async (answer) => {
      const asked = times(answer, 1);
      await failureOf(() => key.wrap(dataKey, CONTEXT));
      expect(asked()).toBe(1);
    },
  );

  it('a rotation is asked for again only where nothing was done', async () => {
    const before = models.versions.length;
    const turnedAway = times({ ...saying(503), headers: { 'retry-after': '0' } }, 1);
    await key.rotate();
    expect(turnedAway()).toBe(2);
    const failed = times({ ...saying(500), headers: { 'retry-after': '0' } }, 1);
    expect((await failureOf(() => key.rotate())).code).toBe('KEY_UNAVAILABLE');
    expect(failed()).toBe(1);
    proxy.fault = { kind: 'reset' };
    expect((await failureOf(() => key.rotate())).code).toBe('KEY_UNAVAILABLE');
    expect(models.versions.length).toBe(before + 2);
  });

  it.each(['3600', new Date(Date.now() + 3_600_000).toUTCString()])(
    'a wait beyond the deadline is not begun (%s)',
    async (wait) => {
      proxy.fault = { kind: 'answer', answer: { ...saying(429), headers: { 'retry-after': wait } } };
      const start = performance.now();
      expect((await failureOf(() => key.wrap(dataKey, CONTEXT))).code).toBe('KEY_THROTTLED');
      expect(performance.now() - start).toBeLessThan(5_000);
    },
  );
});

describe('an answer that is none', () => {
  const changed = (change: (data: Record<string, unknown>) => unknown) =>
    ({
      kind: 'rewrite',
      rewrite: (answer: HttpAnswer) => {
        const { data, ...rest } = JSON.parse(Buffer.from(answer.body).toString()) as {
          data: Record<string, unknown>;
        };
        return { ...answer, body: Buffer.from(JSON.stringify({ ...rest, data: change(data) })) };
      },
    }) as const;

  it.each<[string, Parameters<typeof changed>[0]]>([
    ['no data', () => null],
    ['no ciphertext', () => ({ key_version: 1 })],
    ['a number', () => ({ ciphertext: 7, key_version: 1 })],
    ['another prefix', ({ ciphertext }) => ({ ciphertext: `x${ciphertext}`, key_version: 1 })],
    ['another version', (data) => ({ ...data, key_version: 99 })],
    ['no version', ({ ciphertext }) => ({ ciphertext })],
    ['a version that is no number', (data) => ({ ...data, key_version: { toString: 1, valueOf: 1 } })],
    ['a ciphertext of absurd length', (data) => ({ ...data, ciphertext: { length: 1e10 } })],
  ])('to encrypt, with %s', async (_, change) => {
    proxy.fault = changed(change);
    expect((await failureOf(() => key.wrap(dataKey, CONTEXT))).code).toBe('KEY_RESPONSE_INVALID');
  });

  it.each<[string, Parameters<typeof changed>[0], string]>([
    ['no data', () => null, 'KEY_RESPONSE_INVALID'],
    ['no plaintext', () => ({}), 'KEY_RESPONSE_INVALID'],
    ['an empty plaintext', () => ({ plaintext: '' }), 'UNWRAP_REJECTED'],
    ['a plaintext that is no base64', () => ({ plaintext: '@@@@' }), 'KEY_RESPONSE_INVALID'],
    ['a number', () => ({ plaintext: 7 }), 'KEY_RESPONSE_INVALID'],
    ['a plaintext elsewhere', (data) => [data], 'KEY_RESPONSE_INVALID'],
    ['a data key alone', () => ({ plaintext: Buffer.alloc(32).toString('base64') }), 'UNWRAP_REJECTED'],
    ['another context', () => ({ plaintext: Buffer.alloc(64).toString('base64') }), 'UNWRAP_REJECTED'],
  ])('to decrypt, with %s', async (_, change, code) => {
    proxy.fault = changed(change);
    expect((await failureOf(() => key.unwrap(wrapped, CONTEXT))).code).toBe(code);
  });

  it.each<[string, Parameters<typeof changed>[0]]>([
    ['no version', (data) => ({ ...data, latest_version: {} })],
    ['a list of types', (data) => ({ ...data, type: ['aes256-gcm96'] })],
    ['a type that writes on terminals', (data) => ({ ...data, type: '\u001b[2J' })],
    ['a type of absurd length', (data) => ({ ...data, type: 'a'.repeat(1000) })],
  ])('to describe, with %s', async (_, change) => {
    proxy.fault = changed(change);
    expect((await failureOf(() => key.describe())).code).toBe('KEY_RESPONSE_INVALID');
  });

  it.each([-1, 2 ** 53 - 1, 'x', null, []])(
    'to a rotation that is every %j seconds, is told as none',
    async (one) => {
      proxy.fault = changed((data) => ({
        ...data,
        auto_rotate_period: one,
        keys: { [`${data['latest_version']}`]: one },
      }));
      expect(await key.rotationStatus()).toEqual({ automatic: false });
    },
  );

  it('but a page for a person', async () => {
    proxy.fault = { kind: 'answer', answer: page(200) };
    for (const call of [calls.wrap, calls.unwrap, calls.describe, calls.rotate, calls.schedule]) {
      const { code, message } = await failureOf(call);
      expect(code).toBe('KEY_RESPONSE_INVALID');
      expect(message).toContain('leads to Vault');
    }
  });

  it('that goes on for ever is cut off', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024, ' ');
    proxy.fault = { kind: 'answer', answer: { ...saying(200), body } };
    const error = await failureOf(() => key.unwrap(wrapped, CONTEXT));
    expect(error.code).toBe('KEY_RESPONSE_INVALID');
    expect(String(error.cause)).toContain('too long');
  });

  it('may have blanks between its parts', async () => {
    proxy.fault = {
      kind: 'rewrite',
      rewrite: (answer) => {
        const value: unknown = JSON.parse(Buffer.from(answer.body).toString());
        return { ...answer, body: Buffer.from(JSON.stringify(value, undefined, 2)) };
      },
    };
    const again: WrappedKey = await key.wrap(dataKey, CONTEXT);
    expect(Buffer.compare(await key.unwrap(again, CONTEXT), dataKey)).toBe(0);
  });
});

import {
  azureBusy,
  faultSuite,
  type HttpAnswer,
  httpFaultProxy,
  jsonAnswer,
  type SeenRequest,
} from '@weightseal/fault-proxy';
import { afterAll, describe, it } from 'vitest';
import { LOGIN_HOST, TENANT } from './fake/entra.js';
import { keysAt, OPERATIONS } from './fake/fixture.js';
import { rsa } from './fake/material.js';
import { FakeAzure } from './fake/server.js';

const fake = await FakeAzure.start();
afterAll(() => fake[Symbol.asyncDispose]());
const vault = fake.vault('faulty.vault.azure.net');
vault.create('models', () => rsa());
const identity = fake.entra.register(OPERATIONS);

const isWrap = ({ path }: SeenRequest) => path.includes('/wrapkey');
const isUnwrap = ({ path }: SeenRequest) => path.includes('/unwrapkey');
const isUse = (request: SeenRequest) => isWrap(request) || isUnwrap(request);

function changed(answer: HttpAnswer, change: (body: Record<string, string>) => object): HttpAnswer {
  return {
    ...answer,
    body: Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(answer.body).toString())))),
  };
}

const renamed = (from: RegExp, to: string) => (answer: HttpAnswer) =>
  changed(answer, (body) => ({ ...body, kid: body['kid']?.replace(from, to) }));

function challenged(code: string, message: string, resource = 'https://vault.azure.net'): HttpAnswer {
  const challenge = `Bearer authorization="https://${LOGIN_HOST}/${TENANT}", resource="${resource}"`;
  return jsonAnswer(401, { error: { code, message } }, { 'www-authenticate': challenge });
}

const nonsense = (body: unknown) =>
  ({
    fault: { kind: 'answer', answer: jsonAnswer(200, body), when: isUse },
    code: 'KEY_RESPONSE_INVALID',
  }) as const;

faultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'Azure Key Vault',
    busy: azureBusy,
    async setup(deadlineMs) {
      const upstream = `https://localhost:${fake.port}`;
      const { cert } = fake.certificate;
      const proxy = await httpFaultProxy({ upstream, ca: cert, tls: fake.certificate });
      const named = { vaultUrl: `https://${vault.host}`, name: 'models', deadlineMs };
      const wrapper = keysAt(fake, identity, proxy.port, { retryOptions: { retryDelayInMs: 20 } })(named);
      const secrets = [identity.clientSecret, ...fake.entra.tokens.keys()].map((secret) =>
        Buffer.from(secret),
      );
      return { wrapper, proxy, secrets };
    },
    without: { wrongChecksum: 'answers of Key Vault carry no checksum' },
    vendor: {
      otherKey: {
        fault: { kind: 'rewrite', rewrite: renamed(/keys\/models/, 'keys/others'), when: isUse },
        code: 'KEY_RESPONSE_INVALID',
      },
      changedAnswer: {
        fault: {
          kind: 'rewrite',
          rewrite: (answer) =>
            changed(answer, (body) => ({
              ...body,
              value: body['value']?.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
            })),
          when: isWrap,
        },
        code: { seal: 'WRAP_NOT_VERIFIED' },
      },
      expiredCredentials: {
        fault: { kind: 'answer', answer: challenged('Unauthorized', 'AKV10000: The token is expired.') },
        code: 'KEY_DENIED',
      },
      wrongClock: {
        fault: {
          kind: 'answer',
          answer: challenged('Unauthorized', 'AKV10000: The token is not yet valid.'),
        },
        code: 'KEY_DENIED',
      },
    },
    more: {
      'the answer of another version': {
        fault: { kind: 'rewrite', rewrite: renamed(/[0-9a-f]{32}$/, 'f'.repeat(32)), when: isUse },
        code: 'KEY_RESPONSE_INVALID',
      },
      'the answer of another vault': {
        fault: { kind: 'rewrite', rewrite: renamed(/faulty/, 'other'), when: isUse },
        code: 'KEY_RESPONSE_INVALID',
      },
      'a challenge for another service': {
        fault: {
          kind: 'answer',
          answer: challenged('Unauthorized', 'Who are you?', 'https://graph.microsoft.com'),
        },
        code: 'KEY_RESPONSE_INVALID',
      },
      'a redirect to another host': {
        fault: { kind: 'answer', answer: jsonAnswer(307, {}, { location: 'https://evil.example/' }) },
        code: 'KEY_RESPONSE_INVALID',
      },
      'a redirect to itself': {
        fault: { kind: 'answer', answer: jsonAnswer(307, {}, { location: '/keys/others' }) },
        code: 'KEY_RESPONSE_INVALID',
      },
      'an answer of null': nonsense(null),
      'an answer that is right, and goes on for megabytes': {
        fault: {
          kind: 'rewrite',
          rewrite: (answer) => ({
            ...answer,
            body: Buffer.concat([answer.body, Buffer.alloc(2 << 20, ' ')]),
          }),
          when: isUse,
        },
        code: 'KEY_UNAVAILABLE',
      },
      'an empty object': nonsense({}),
      'a number for a wrapped key': nonsense({ kid: 7, value: 7 }),
      'a web page': {
        fault: {
          kind: 'answer',
          answer: {
            status: 200,
            headers: { 'content-type': 'text/html' },
            body: Buffer.from('<html>Log in</html>'),
          },
        },
        code: 'KEY_RESPONSE_INVALID',
      },
      'a short data key': {
        fault: {
          kind: 'rewrite',
          rewrite: (answer) => changed(answer, (body) => ({ ...body, value: 'AAAA' })),
          when: isUnwrap,
        },
        code: { unwrap: 'UNWRAP_REJECTED' },
      },
      'a 429 that asks to wait for an hour': {
        fault: {
          kind: 'answer',
          answer: {
            ...azureBusy.throttled,
            headers: { ...azureBusy.throttled.headers, 'retry-after': '3600' },
          },
        },
        code: 'KEY_THROTTLED',
      },
    },
  },
);

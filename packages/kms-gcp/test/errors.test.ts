import type { WeightsealError } from '@weightseal/core';
import { createGcpKey } from '@weightseal/kms-gcp';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FakeError } from './fake-error.js';
import { FakeKms } from './fake-kms.js';
import { TOKEN } from './keys.js';
import { start, transports } from './servers.js';

const NAME = 'projects/my-project/locations/global/keyRings/models/cryptoKeys/weights';
const dataKey = Uint8Array.from({ length: 32 }, (_, i) => 160 + i);

async function thrown(call: Promise<unknown>): Promise<WeightsealError> {
  return call.then(
    () => expect.unreachable('the call succeeded'),
    (error: WeightsealError) => error,
  );
}

describe.each(transports)('over %s', async (transport) => {
  const kms = new FakeKms();
  const wire = await start(transport, kms);
  afterAll(() => wire[Symbol.asyncDispose]());
  afterEach(() => {
    kms.failing = undefined;
  });
  const fake = kms.key();
  const key = wire.key({ name: fake.name });
  const wrapped = await key.wrap(dataKey, {});

  it('a refusal names the permission and a role that has it, for each call', async () => {
    const denied = kms.key();
    const other = wire.key({ name: denied.name });
    const own = await other.wrap(dataKey, {});
    kms.deny(denied, 'Encrypt', 'Decrypt', 'GetCryptoKey', 'CreateCryptoKeyVersion', 'UpdateCryptoKey');
    for (const [call, permission, role] of [
      [() => other.wrap(dataKey, {}), 'cryptoKeyVersions.useToEncrypt', 'cryptoKeyEncrypterDecrypter'],
      [() => other.unwrap(own, {}), 'cryptoKeyVersions.useToDecrypt', 'cryptoKeyDecrypter'],
      [() => other.describe(), 'cryptoKeys.get', 'viewer'],
      [() => other.rotationStatus(), 'cryptoKeys.get', 'viewer'],
      [() => other.rotate(), 'cryptoKeyVersions.create', 'admin'],
      [() => other.scheduleRotation(30), 'cryptoKeys.update', 'admin'],
    ] as const) {
      const error = await thrown(call());
      expect(error).toMatchObject({
        code: 'KEY_DENIED',
        cause: { code: 7, reason: 'IAM_PERMISSION_DENIED' },
      });
      expect(error.message).toContain(
        `cloudkms.${permission} on ${denied.name} (roles/cloudkms.${role} has it)`,
      );
    }
  });

  it('a version that is disabled or to be destroyed says so in the cause', async () => {
    const version = fake.versions[0]!;
    for (const state of ['DISABLED', 'DESTROY_SCHEDULED', 'DESTROYED'] as const) {
      version.state = state;
      for (const call of [() => key.wrap(dataKey, {}), () => key.unwrap(wrapped, {})]) {
        const error = await thrown(call());
        expect(error).toMatchObject({ code: 'KEY_DISABLED', cause: { code: 9 } });
        expect((error.cause as Error).message).toContain(`current state is: ${state}`);
      }
    }
    version.state = 'ENABLED';
  });

  it.each([
    ['SERVICE_DISABLED', 'KEY_DENIED', 'gcloud services enable cloudkms.googleapis.com'],
    ['BILLING_DISABLED', 'KEY_DENIED', 'billing'],
    ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'KEY_DENIED', 'scope'],
    ['USER_PROJECT_DENIED', 'KEY_DENIED', 'quota project'],
    ['SOMETHING_NEW', 'KEY_DENIED', 'cloudkms.cryptoKeyVersions.useToEncrypt'],
  ])('the reason %s gives %s and its own advice', async (reason, code, advice) => {
    kms.failing = new FakeError('PERMISSION_DENIED', 'It is not allowed.', reason);
    const error = await thrown(key.wrap(dataKey, {}));
    expect(error).toMatchObject({ code, cause: { reason } });
    expect(error.message).toContain(advice);
  });

  it.each([
    ['NOT_FOUND', 'KEY_NOT_FOUND', 'KEY_NOT_FOUND'],
    ['UNAUTHENTICATED', 'KEY_DENIED', 'KEY_DENIED'],
    ['UNIMPLEMENTED', 'KEY_RESPONSE_INVALID', 'KEY_RESPONSE_INVALID'],
    ['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'UNWRAP_REJECTED'],
    ['INTERNAL', 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
  ] as const)('%s is not asked for again', async (status, wrap, unwrap) => {
    kms.failing = new FakeError(status, 'No.');
    const before = kms.calls.length;
    expect(await thrown(key.wrap(dataKey, {}))).toMatchObject({ code: wrap });
    expect(await thrown(key.unwrap(wrapped, {}))).toMatchObject({ code: unwrap });
    expect(kms.calls.length - before).toBe(2);
  });

  it('a decryption that failed is no outage, whichever code a server gives to it', async () => {
    kms.failing = new FakeError('INTERNAL', 'decrypt failed: cipher: message authentication failed');
    expect(await thrown(key.unwrap(wrapped, {}))).toMatchObject({ code: 'UNWRAP_REJECTED' });
    expect(await thrown(key.wrap(dataKey, {}))).toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it('a quota that is used up is waited for, four times in all', async () => {
    kms.failing = new FakeError('RESOURCE_EXHAUSTED', 'Quota exceeded.');
    const before = kms.calls.length;
    expect(await thrown(key.wrap(dataKey, {}))).toMatchObject({ code: 'KEY_THROTTLED' });
    expect(kms.calls.length - before).toBe(4);
  });

  it('a key of another purpose is a wrong argument', async () => {
    const signing = wire.key({ name: kms.key({ purpose: 'ASYMMETRIC_SIGN' }).name });
    expect(await thrown(signing.wrap(dataKey, {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

/** What the SDK throws where no server can be made to cause it. */
describe('what the SDK says in words', () => {
  const failing = (error: unknown) =>
    createGcpKey({
      name: NAME,
      client: {
        initialize: async () => ({}) as never,
        innerApiCalls: { encrypt: () => Object.assign(Promise.reject(error), { cancel() {} }) },
      },
    });
  const coded = (message: string, code?: number, cause?: unknown) =>
    Object.assign(new Error(message, { cause }), code === undefined ? {} : { code });
  const PLUGIN = 'Getting metadata from plugin failed with error:';

  it.concurrent.each([
    [
      'a token that was revoked, or a wrong clock',
      coded(`16 UNAUTHENTICATED: ${PLUGIN} invalid_grant`, 16),
      'KEY_DENIED',
      'clock',
    ],
    ['a session that is over', coded(`2 UNKNOWN: ${PLUGIN} invalid_rapt`, 2), 'KEY_DENIED', 'gcloud auth'],
    [
      'no way to the token server',
      coded(`14 UNAVAILABLE: ${PLUGIN} connect ECONNREFUSED 127.0.0.1:9`, 14),
      'KEY_UNAVAILABLE',
      'access token',
    ],
    [
      'a metadata server without an account',
      coded('Could not refresh access token: 404', 5),
      'KEY_UNAVAILABLE',
      'metadata',
    ],
    [
      'no such host',
      coded('14 UNAVAILABLE: Name resolution failed for target dns:kms.invalid:443', 14),
      'KEY_UNAVAILABLE',
      'name service',
    ],
    [
      'no such host, over REST',
      coded('request failed', 14, Object.assign(new Error(), { code: 'ENOTFOUND' })),
      'KEY_UNAVAILABLE',
      'name service',
    ],
    [
      'a certificate of nobody',
      coded('14 UNAVAILABLE: No connection established. Last error: self-signed certificate', 14),
      'KEY_UNAVAILABLE',
      'NODE_EXTRA_CA_CERTS',
    ],
    [
      'an answer that is no message',
      coded('13 INTERNAL: Response message parsing error: index out of range', 13),
      'KEY_RESPONSE_INVALID',
      'proxies',
    ],
    [
      'an answer that is no JSON',
      coded('Unexpected token', 14, new SyntaxError('Unexpected token')),
      'KEY_RESPONSE_INVALID',
      'proxies',
    ],
    [
      'the page of a proxy',
      Object.assign(
        coded('Error response from RPC encrypt with status 404 could not be decoded: <html>', 5),
        { httpStatusCode: 404 },
      ),
      'KEY_RESPONSE_INVALID',
      'proxies',
    ],
    [
      'the page of a busy proxy',
      Object.assign(
        coded('Error response from RPC encrypt with status 503 could not be decoded: <html>', 14),
        { httpStatusCode: 503 },
      ),
      'KEY_UNAVAILABLE',
      'network',
    ],
    [
      'an error that says nothing',
      Object.assign(new Error(), { httpStatusCode: 500 }),
      'KEY_UNAVAILABLE',
      'Try again',
    ],
    [
      'a method that a proxy forbids',
      Object.assign(coded('Method not allowed', 9), { httpStatusCode: 405 }),
      'KEY_RESPONSE_INVALID',
      'proxies',
    ],
    ['a deadline', coded('4 DEADLINE_EXCEEDED: Deadline exceeded', 4), 'KEY_TIMEOUT', 'deadlineMs'],
    ['another change at the same time', coded('10 ABORTED: conflict', 10), 'KEY_UNAVAILABLE', 'change'],
    ['a closed client', 'The client has already been closed.', 'INVALID_ARGUMENT', 'closed'],
    [
      'another universe',
      coded(
        'The configured universe domain (a) does not match the universe domain found in the credentials (b).',
      ),
      'INVALID_ARGUMENT',
      'universeDomain',
    ],
    ['what nobody knows', coded('something else'), 'KEY_RESPONSE_INVALID', 'proxies'],
    ['no error at all', undefined, 'KEY_RESPONSE_INVALID', 'proxies'],
  ])('%s', async (_, error, code, advice) => {
    const found = await thrown(failing(error).wrap(dataKey, {}));
    expect(found).toMatchObject({ code });
    expect(found.message).toContain(advice);
    expect(found.message).toContain(NAME);
  });

  it('a key may have any name', async () => {
    const name = `${NAME}-certificate-reauth`;
    const error = coded(`14 UNAVAILABLE: ${name} cannot be had`, 14);
    const innerApiCalls = { encrypt: () => Object.assign(Promise.reject(error), { cancel() {} }) };
    const key = createGcpKey({ name, client: { initialize: async () => ({}) as never, innerApiCalls } });
    const found = await thrown(key.wrap(dataKey, {}));
    expect(found).toMatchObject({ code: 'KEY_UNAVAILABLE' });
    expect(found.message).toContain('cannot be reached, or cannot answer now');
  });

  it('the cause keeps what helps, and nothing that could be a secret', async () => {
    const key = Buffer.from(dataKey);
    const escaped = Buffer.alloc(33, 'w/8w').toString('latin1').replaceAll('/', '\\/');
    const error = Object.assign(
      coded(
        `7 PERMISSION_DENIED: ${NAME} refuses Bearer ${TOKEN} and ${key.toString('base64')}, ${key.toString('hex')}, [${key.join(', ')}], A${key.toString('latin1')}B ${escaped}`,
        7,
      ),
      { metadata: { authorization: TOKEN }, config: { body: 'body' }, reason: 'IAM_PERMISSION_DENIED' },
    );
    const { cause } = await thrown(failing(error).wrap(dataKey, {}));
    expect(cause).toMatchObject({ code: 7, reason: 'IAM_PERMISSION_DENIED' });
    expect((cause as Error).message).toBe(`7 PERMISSION_DENIED: ${NAME} refuses Bearer … and …, …, […], … …`);
    expect(cause).not.toHaveProperty('metadata');
    expect(cause).not.toHaveProperty('config');
  });
});

describe('a client that cannot be made', () => {
  const unmade = (error: unknown) =>
    createGcpKey({
      name: NAME,
      client: { initialize: () => Promise.reject(error), innerApiCalls: {} },
    });

  it.each([
    [
      'no credentials',
      'Could not load the default credentials. Browse to …',
      'KEY_DENIED',
      'gcloud auth application-default login',
    ],
    [
      'a file that is not there',
      'The file at /run/key.json does not exist, or it is not a file.',
      'KEY_DENIED',
      'GOOGLE_APPLICATION_CREDENTIALS',
    ],
    ['a file that is no JSON', 'Unexpected token } in JSON', 'KEY_DENIED', 'GOOGLE_APPLICATION_CREDENTIALS'],
    ['no network', 'connect ECONNREFUSED 127.0.0.1:9', 'KEY_UNAVAILABLE', 'network'],
  ])('because of %s', async (_, message, code, advice) => {
    const error = await thrown(unmade(new Error(message)).wrap(dataKey, {}));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(advice);
  });
});

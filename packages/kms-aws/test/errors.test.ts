import { inspect } from 'node:util';
import { isWeightsealError, type WeightsealError } from '@weightseal/core';
import { httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { createAwsKey } from '@weightseal/kms-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms, REGION } from './fake-kms.js';
import { CREDENTIALS, keyAt } from './keys.js';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SAYS = 'what the service says';
const kms = await FakeKms.start();
const proxy = await httpFaultProxy({ upstream: kms.url });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await kms[Symbol.asyncDispose]();
});

const WRAPPED = {
  keyUri: `aws-kms://${ARN}`,
  keyVersion: ARN,
  algorithm: 'SYMMETRIC_DEFAULT',
  ciphertext: new Uint8Array(100),
};

async function unwrapAnswered(
  status: number,
  type: string,
  message: string = SAYS,
): Promise<WeightsealError> {
  proxy.fault = { kind: 'answer', answer: jsonAnswer(status, { __type: type, message }) };
  return failure(keyAt(proxy.url, { keyId: ARN }).unwrap(WRAPPED, {}));
}

async function failure(call: Promise<unknown>): Promise<WeightsealError> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (isWeightsealError(error)) return error;
  throw error;
}

describe('what AWS KMS says', () => {
  // Throttling, broken services and what is retried besides: faults.test.ts.
  it.each([
    ['AccessDeniedException', 'KEY_DENIED', `Grant it kms:Decrypt`],
    ['NotFoundException', 'KEY_NOT_FOUND', ARN],
    ['InvalidArnException', 'KEY_NOT_FOUND', 'region'],
    ['DisabledException', 'KEY_DISABLED', 'Enable'],
    ['KMSInvalidStateException', 'KEY_DISABLED', 'deletion'],
    ['InvalidCiphertextException', 'UNWRAP_REJECTED', 'context'],
    ['IncorrectKeyException', 'UNWRAP_REJECTED', 'Another key'],
    ['ValidationException', 'UNWRAP_REJECTED', 'changed'],
    ['InvalidKeyUsageException', 'INVALID_ARGUMENT', 'ENCRYPT_DECRYPT'],
    ['ConflictException', 'KEY_UNAVAILABLE', 'rotation'],
    ['InvalidGrantTokenException', 'KEY_DENIED', 'kms:Decrypt'],
    ['com.amazonaws.kms#DisabledException', 'KEY_DISABLED', 'Enable'],
  ])('%s is %s', async (type, code, advice) => {
    const error = await unwrapAnswered(400, type);
    expect(error.code).toBe(code);
    expect(error.message).toContain(advice);
    expect(error.message).toContain(ARN);
    expect(error.cause).toMatchObject({ name: type.replace(/.*#/, ''), message: SAYS, status: 400 });
  });

  it.each([
    ['UnrecognizedClientException', 'credentials'],
    ['InvalidSignatureException', 'clock'],
    ['SignatureDoesNotMatch', 'clock'],
    ['RequestExpired', 'clock'],
    ['ExpiredTokenException', 'aws sso login'],
    ['MissingAuthenticationTokenException', 'secret access key'],
  ])(
    '%s is KEY_DENIED, and its message, which may repeat the signed headers, is not kept',
    async (type, advice) => {
      const error = await unwrapAnswered(403, type, `x-amz-security-token:${CREDENTIALS.sessionToken}`);
      expect(error.code).toBe('KEY_DENIED');
      expect(error.message).toContain(advice);
      expect(error.cause).toMatchObject({ name: type });
      expect(String(error.cause)).not.toContain('token:');
    },
  );

  it('a code in the answer is not one of the network, which would let its message be kept', async () => {
    const message = 'x-amz-security-token:short';
    const body = { __type: 'SignatureDoesNotMatch', message, code: 'ECONNRESET' };
    proxy.fault = { kind: 'answer', answer: jsonAnswer(403, { ...body, cause: { code: 'ECONNRESET' } }) };
    const error = await failure(keyAt(proxy.url, { keyId: ARN }).unwrap(WRAPPED, {}));
    expect(error.code).toBe('KEY_DENIED');
    expect(inspect(error)).not.toMatch(/token:|ECONNRESET/);
  });

  it('a request id that is as long as a key in hex is not kept', async () => {
    const answer = jsonAnswer(400, { __type: 'DisabledException' }, { 'x-amzn-requestid': 'a'.repeat(64) });
    proxy.fault = { kind: 'answer', answer };
    const error = await failure(keyAt(proxy.url, { keyId: ARN }).unwrap(WRAPPED, {}));
    expect(inspect(error)).not.toContain('aaaa');
  });

  it.each([
    [500, 'KMSInternalException', 'KEY_UNAVAILABLE'],
    [500, 'KeyUnavailableException', 'KEY_UNAVAILABLE'],
    [500, 'DependencyTimeoutException', 'KEY_UNAVAILABLE'],
    [400, 'LimitExceededException', 'KEY_THROTTLED'],
    [502, 'AnythingElse', 'KEY_UNAVAILABLE'],
  ])('%i %s is retried twice, and then %s', async (status, type, code) => {
    const before = proxy.requests;
    expect((await unwrapAnswered(status, type)).code).toBe(code);
    expect(proxy.requests - before).toBe(3);
  });

  it('an error of no known name is no answer of AWS KMS, and nothing of it is kept', async () => {
    const error = await unwrapAnswered(400, 'Surprise', 'surprising');
    expect(error.code).toBe('KEY_RESPONSE_INVALID');
    expect(error.cause).toMatchObject({ name: 'UnknownError', status: 400 });
    expect(String(error.cause)).not.toMatch(/surpris/i);
  });
});

describe('before AWS KMS says anything', () => {
  const endpoint = 'http://127.0.0.1:1';

  it('no credentials is KEY_DENIED, and tells where they come from', async () => {
    const { fromEnv } = { fromEnv: async () => Promise.reject(named('CredentialsProviderError')) };
    const key = createAwsKey({ keyId: ARN, clientConfig: { endpoint, credentials: fromEnv } });
    const error = await failure(key.wrap(new Uint8Array(32), {}));
    expect(error).toMatchObject({ code: 'KEY_DENIED', message: expect.stringContaining('AWS_PROFILE') });
  });

  it('no region is INVALID_ARGUMENT, and tells how to name one', async () => {
    const region = async () => Promise.reject(new Error('Region is missing'));
    const key = createAwsKey({
      keyId: 'alias/models',
      clientConfig: { endpoint, region, credentials: CREDENTIALS },
    });
    const error = await failure(key.wrap(new Uint8Array(32), {}));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('?region=') });
  });

  it('a host that is not there is KEY_UNAVAILABLE', async () => {
    const key = createAwsKey({
      keyId: ARN,
      clientConfig: { endpoint: 'https://kms.invalid', credentials: CREDENTIALS, maxAttempts: 1 },
    });
    expect(await failure(key.wrap(new Uint8Array(32), {}))).toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it.each(['http://kms.invalid', 'http://127.0.0.1.kms.invalid', 'http://192.0.2.1'])(
    'an endpoint without TLS is INVALID_ARGUMENT, and is not asked: %s',
    async (plain) => {
      const key = createAwsKey({ keyId: ARN, clientConfig: { endpoint: plain, credentials: CREDENTIALS } });
      const error = await failure(key.wrap(new Uint8Array(32), {}));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('https') });
    },
  );

  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])('a certificate with %s is KEY_UNAVAILABLE', async (code) => {
    const client = { send: () => Promise.reject(Object.assign(new Error('certificate'), { code })) };
    const error = await failure(createAwsKey({ keyId: ARN, client }).wrap(new Uint8Array(32), {}));
    expect(error).toMatchObject({
      code: 'KEY_UNAVAILABLE',
      message: expect.stringContaining('certificate'),
      cause: { code },
    });
  });

  it('a client of the caller is used as it is', async () => {
    const sent: unknown[] = [];
    const client = { send: (...given: unknown[]) => Promise.reject(sent.push(given)) };
    await failure(
      createAwsKey({ keyId: 'alias/models', region: REGION, client }).wrap(new Uint8Array(32), {}),
    );
    expect(sent.length).toBe(1);
  });

  it('a configuration that the SDK does not take is KEY_UNAVAILABLE', async () => {
    const key = createAwsKey({ keyId: ARN, clientConfig: { endpoint: 'no url', credentials: CREDENTIALS } });
    const error = await failure(key.wrap(new Uint8Array(32), {}));
    expect(error).toMatchObject({
      code: 'KEY_UNAVAILABLE',
      message: expect.stringContaining('clientConfig'),
    });
  });
});

function named(name: string): Error {
  return Object.assign(new Error('nothing found'), { name });
}

import {
  awsBusy,
  faultSuite,
  type HttpAnswer,
  httpFaultProxy,
  jsonAnswer,
  type SeenRequest,
} from '@weightseal/fault-proxy';
import { afterAll, describe, it } from 'vitest';
import { FakeKms } from './fake-kms.js';
import { CREDENTIALS, keyAt, SECRETS } from './keys.js';

const kms = await FakeKms.start();
afterAll(() => kms[Symbol.asyncDispose]());

const OTHER_ARN = kms.key().arn;
const isEncrypt = ({ headers }: SeenRequest) => headers['x-amz-target'] === 'TrentService.Encrypt';
const isDecrypt = ({ headers }: SeenRequest) => headers['x-amz-target'] === 'TrentService.Decrypt';

faultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'an AWS KMS key',
    busy: awsBusy,
    async setup(deadlineMs) {
      const proxy = await httpFaultProxy({ upstream: kms.url });
      return { wrapper: keyAt(proxy.url, { keyId: kms.key().arn, deadlineMs }), proxy, secrets: SECRETS };
    },
    vendor: {
      otherKey: {
        fault: rewritten((answer) => ({ ...answer, KeyId: OTHER_ARN })),
        code: 'KEY_RESPONSE_INVALID',
      },
      changedAnswer: {
        fault: rewritten(
          (answer) => ({ ...answer, CiphertextBlob: flipped(answer['CiphertextBlob']) }),
          isEncrypt,
        ),
        code: { wrap: 'KEY_RESPONSE_INVALID' },
      },
      expiredCredentials: {
        fault: refusal(
          400,
          'ExpiredTokenException',
          `The security token ${CREDENTIALS.sessionToken} is expired`,
        ),
        code: 'KEY_DENIED',
      },
      wrongClock: {
        fault: refusal(
          403,
          'InvalidSignatureException',
          'Signature expired: 20200101T000000Z is now earlier than …',
        ),
        code: 'KEY_DENIED',
      },
    },
    more: {
      // What a Decrypt answers is checked once more by the envelope's MAC; wrap compares it with what it wrapped.
      'another data key': {
        fault: rewritten((answer) => ({ ...answer, Plaintext: flipped(answer['Plaintext']) }), isDecrypt),
        code: { wrap: 'KEY_RESPONSE_INVALID' },
      },
      'a data key of 16 bytes': {
        fault: rewritten(
          (answer) => ({ ...answer, Plaintext: Buffer.alloc(16, 7).toString('base64') }),
          isDecrypt,
        ),
        code: 'KEY_RESPONSE_INVALID',
      },
      'another algorithm': {
        fault: rewritten((answer) => ({ ...answer, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }), isDecrypt),
        code: 'KEY_RESPONSE_INVALID',
      },
      'an answer that names no key': {
        fault: rewritten(({ KeyId: _, ...answer }) => answer),
        code: 'KEY_RESPONSE_INVALID',
      },
      'an answer whose fields have other types': {
        fault: rewritten((answer) => ({
          ...answer,
          KeyId: { toString: 1 },
          KeyMaterialId: { toString: 1 },
          Plaintext: 7,
        })),
        code: 'KEY_RESPONSE_INVALID',
      },
      'a data key that is a number': {
        fault: rewritten((answer) => ({ ...answer, Plaintext: 32 }), isDecrypt),
        code: 'KEY_RESPONSE_INVALID',
      },
      'a wrap that is a list of ten thousand million': {
        fault: rewritten((answer) => ({ ...answer, CiphertextBlob: { length: 1e10 } }), isEncrypt),
        code: { wrap: 'KEY_RESPONSE_INVALID' },
      },
      'an answer that is right, and goes on for megabytes': {
        fault: {
          kind: 'rewrite',
          rewrite: (answer) => ({
            ...answer,
            body: Buffer.concat([answer.body, Buffer.alloc(2 << 20, ' ')]),
          }),
        },
        code: 'KEY_RESPONSE_INVALID',
      },
      'an empty answer': { fault: rewritten(() => ({})), code: 'KEY_RESPONSE_INVALID' },
      'a web page': {
        fault: {
          kind: 'answer',
          answer: { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>') },
        },
        code: 'KEY_RESPONSE_INVALID',
      },
      'an error that repeats the request': {
        fault: {
          kind: 'rewrite',
          rewrite: (_, { body }) =>
            jsonAnswer(400, { __type: 'ValidationException', message: Buffer.from(body).toString() }),
        },
        code: { wrap: 'INVALID_ARGUMENT', unwrap: 'UNWRAP_REJECTED' },
      },
      'an error that repeats the answer': {
        fault: {
          kind: 'rewrite',
          rewrite: ({ body }) =>
            jsonAnswer(400, { __type: Buffer.from(body).toString(), message: Buffer.from(body).toString() }),
        },
        code: 'KEY_RESPONSE_INVALID',
      },
    },
    without: { wrongChecksum: 'the answers of AWS KMS carry none; TLS and the AEAD stand in' },
  },
);

type Fields = Readonly<Record<string, unknown>>;

function rewritten(change: (answer: Fields) => Fields, when: (request: SeenRequest) => boolean = () => true) {
  const rewrite = (answer: HttpAnswer) => {
    const fields = JSON.parse(Buffer.from(answer.body).toString()) as Fields;
    return { ...answer, body: Buffer.from(JSON.stringify(change(fields))) };
  };
  return { kind: 'rewrite' as const, rewrite, when };
}

function refusal(status: number, type: string, message: string) {
  return { kind: 'answer' as const, answer: jsonAnswer(status, { __type: type, message }) };
}

function flipped(base64: unknown): string {
  const bytes = Buffer.from(String(base64), 'base64');
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString('base64');
}

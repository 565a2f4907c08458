import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { awsBusy, faultSuite, type HttpAnswer, httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { keyAt, SECRETS } from '../test/keys.js';
import { emulatorAt } from './emulator.js';

const moto = emulatorAt('WEIGHTSEAL_EMULATOR_MOTO');

describe.skipIf(!moto)('moto behind faults, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL', () => {
  if (!moto) return;
  const admin = moto.admin();
  const newArn = async () => (await admin.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;

  faultSuite(
    { describe, it },
    {
      name: 'AWS KMS on moto',
      busy: awsBusy,
      async setup(deadlineMs) {
        const proxy = await httpFaultProxy({ upstream: moto.url });
        return { wrapper: keyAt(proxy.url, { keyId: await newArn(), deadlineMs }), proxy, secrets: SECRETS };
      },
      vendor: {
        otherKey: {
          fault: async () => {
            const KeyId = await newArn();
            return rewritten((answer) => ({ ...answer, KeyId }));
          },
          code: 'KEY_RESPONSE_INVALID',
        },
        changedAnswer: {
          fault: rewritten(({ CiphertextBlob, ...answer }) =>
            CiphertextBlob === undefined ? answer : { ...answer, CiphertextBlob: 'AAAA' },
          ),
          code: { wrap: 'KEY_RESPONSE_INVALID' },
        },
        expiredCredentials: { fault: refusal(400, 'ExpiredTokenException'), code: 'KEY_DENIED' },
        wrongClock: { fault: refusal(403, 'InvalidSignatureException'), code: 'KEY_DENIED' },
      },
      without: { wrongChecksum: 'the answers of AWS KMS carry none; TLS and the AEAD stand in' },
    },
  );
});

type Fields = Readonly<Record<string, unknown>>;

function rewritten(change: (answer: Fields) => Fields) {
  const rewrite = (answer: HttpAnswer) => {
    const fields = JSON.parse(Buffer.from(answer.body).toString()) as Fields;
    return { ...answer, body: Buffer.from(JSON.stringify(change(fields))) };
  };
  return { kind: 'rewrite' as const, rewrite };
}

function refusal(status: number, type: string) {
  return { kind: 'answer' as const, answer: jsonAnswer(status, { __type: type, message: 'refused' }) };
}

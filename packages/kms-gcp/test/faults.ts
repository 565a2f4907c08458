import {
  type Answer,
  type FaultSuiteOptions,
  type GrpcAnswer,
  grpcError,
  type HttpAnswer,
  jsonAnswer,
  type SeenRequest,
  type VendorFault,
} from '@weightseal/fault-proxy';
import { STATUS } from './fake-error.js';
import { codec } from './fake-grpc.js';
import type { Fields, Method } from './fake-kms.js';
import { TOKEN } from './keys.js';

type Status = Exclude<keyof typeof STATUS, 'UNIMPLEMENTED'>;

/** How one wire carries a message; what the faults change is the same on both. */
interface Wire<A extends Answer> {
  methodOf(request: SeenRequest): Method;
  change(answer: A, method: Method, change: (message: Fields) => Fields): A;
  refusal(status: Status, message: string): A;
}

type Faults<A extends Answer> = Required<Pick<FaultSuiteOptions<A>, 'vendor' | 'more' | 'without'>>;

export const onGrpc: Wire<GrpcAnswer> = {
  methodOf: ({ path }) => path.split('/').at(-1) as Method,
  change(answer, method, change) {
    const { responseDeserialize, responseSerialize } = codec(method);
    return { ...answer, body: responseSerialize(change(responseDeserialize(Buffer.from(answer.body)))) };
  },
  refusal: grpcError,
};

export const onRest: Wire<HttpAnswer> = {
  methodOf: ({ path }) => (path.includes(':encrypt') ? 'Encrypt' : 'Decrypt'),
  change(answer, _, change) {
    const message = JSON.parse(Buffer.from(answer.body).toString()) as Fields;
    return { ...answer, body: Buffer.from(JSON.stringify(change(message))) };
  },
  refusal(status, message) {
    const code = STATUS[status][1];
    return jsonAnswer(code, { error: { code, message, status } });
  },
};

/** What can be wrong with an answer of Cloud KMS that arrives whole. */
export function faultsOf<A extends Answer>(wire: Wire<A>): Faults<A> {
  const when = (method: Method) => (request: SeenRequest) => wire.methodOf(request) === method;
  const rewritten = (method: Method, change: (message: Fields) => Fields): VendorFault<A>['fault'] => ({
    kind: 'rewrite',
    rewrite: (answer) => wire.change(answer, method, change),
    when: when(method),
  });
  const without = (method: Method, field: string) => rewritten(method, ({ [field]: _, ...rest }) => rest);
  const wrap = { wrap: 'KEY_RESPONSE_INVALID' } as const;
  const unwrap = { unwrap: 'KEY_RESPONSE_INVALID' } as const;
  const cases: Readonly<Record<string, VendorFault<A>>> = {
    'a ciphertext without its checksum': { fault: without('Encrypt', 'ciphertextCrc32c'), code: wrap },
    'a data key whose checksum was not verified': {
      fault: without('Encrypt', 'verifiedPlaintextCrc32c'),
      code: wrap,
    },
    'a context whose checksum was not verified': {
      fault: without('Encrypt', 'verifiedAdditionalAuthenticatedDataCrc32c'),
      code: wrap,
    },
    'a wrap that names no version': { fault: without('Encrypt', 'name'), code: wrap },
    'a wrap that names the key and no version': {
      fault: rewritten('Encrypt', (answer) => ({
        ...answer,
        name: String(answer['name']).replace(/\/cryptoKeyV.*/, ''),
      })),
      code: wrap,
    },
    'a wrap without a ciphertext': { fault: without('Encrypt', 'ciphertext'), code: wrap },
    'a data key without its checksum': { fault: without('Decrypt', 'plaintextCrc32c'), code: both(unwrap) },
    'another data key': {
      fault: rewritten('Decrypt', (answer) => ({ ...answer, plaintext: flipped(answer['plaintext']) })),
      code: both(unwrap),
    },
    'an empty plaintext': { fault: without('Decrypt', 'plaintext'), code: both(unwrap) },
    'a wrap whose request arrived changed': {
      fault: {
        kind: 'answer',
        answer: wire.refusal(
          'INVALID_ARGUMENT',
          'The checksum in field plaintext_crc32c did not match the data in field plaintext.',
        ),
        when: when('Encrypt'),
      },
      code: { wrap: 'KEY_UNAVAILABLE' },
    },
    'an error that repeats the answer': {
      fault: {
        kind: 'rewrite',
        rewrite: ({ body }) => wire.refusal('INVALID_ARGUMENT', repeated(body)),
      },
      code: { wrap: 'INVALID_ARGUMENT', unwrap: 'UNWRAP_REJECTED' },
    },
    'an error that repeats the request': {
      fault: {
        kind: 'rewrite',
        rewrite: (_, { body }) => wire.refusal('FAILED_PRECONDITION', repeated(body)),
      },
      code: 'KEY_DISABLED',
    },
    'an outage of the service itself': {
      fault: { kind: 'answer', answer: wire.refusal('INTERNAL', 'Internal error encountered.') },
      code: 'KEY_UNAVAILABLE',
    },
  };
  return {
    vendor: {
      wrongChecksum: {
        fault: {
          kind: 'rewrite',
          rewrite: (answer, request) =>
            wire.change(answer, wire.methodOf(request), (message) => ({
              ...message,
              ciphertextCrc32c: other(message['ciphertextCrc32c']),
              plaintextCrc32c: other(message['plaintextCrc32c']),
            })),
        },
        code: 'KEY_RESPONSE_INVALID',
      },
      otherKey: {
        fault: rewritten('Encrypt', (answer) => ({
          ...answer,
          name: `${answer['name']}`.replace(/key-\d+/, 'key-999'),
        })),
        code: wrap,
      },
      changedAnswer: {
        fault: rewritten('Encrypt', (answer) => ({ ...answer, ciphertext: flipped(answer['ciphertext']) })),
        code: wrap,
      },
      expiredCredentials: {
        fault: {
          kind: 'answer',
          answer: wire.refusal(
            'UNAUTHENTICATED',
            `Request had invalid authentication credentials: ${TOKEN}.`,
          ),
        },
        code: 'KEY_DENIED',
      },
    },
    more: cases,
    without: {
      wrongClock: 'a bearer token has no clock; it shows when a token is fetched, which errors.test.ts has',
    },
  };
}

/** Sealing unwraps what it wrapped: an answer of Decrypt that is wrong fails it as one that cannot be verified. */
function both<C extends object>(code: C): C & { seal: 'WRAP_NOT_VERIFIED' } {
  return { ...code, seal: 'WRAP_NOT_VERIFIED' };
}

function repeated(body: Uint8Array): string {
  const bytes = Buffer.from(body);
  return [bytes.toString('base64'), bytes.toString('latin1'), bytes.toString('hex'), bytes.join(', ')].join(
    ' ',
  );
}

function flipped(value: unknown): Buffer | string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value as Uint8Array);
  bytes[bytes.length - 1]! ^= 1;
  return typeof value === 'string' ? bytes.toString('base64') : bytes;
}

/** Another checksum: a decimal string over REST, a wrapper over gRPC; none stays none. */
function other(checksum: unknown): unknown {
  if (typeof checksum === 'string') return String(Number(checksum) ^ 1);
  if (typeof checksum !== 'object' || checksum === null) return checksum;
  return { value: String(BigInt((checksum as { value: string }).value) ^ 1n) };
}

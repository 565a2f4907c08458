import {
  type FaultSuiteOptions,
  type HttpAnswer,
  jsonAnswer,
  type SeenRequest,
} from '@weightseal/fault-proxy';

const isEncrypt = ({ path }: SeenRequest) => path.includes('/encrypt/');
const isDecrypt = ({ path }: SeenRequest) => path.includes('/decrypt/');

function changed(answer: HttpAnswer, change: (data: Record<string, unknown>) => object): HttpAnswer {
  const whole = JSON.parse(Buffer.from(answer.body).toString()) as { data: Record<string, unknown> };
  return { ...answer, body: Buffer.from(JSON.stringify({ ...whole, data: change(whole.data) })) };
}

/** The answer with another value in one member of its data. */
const withMember = (name: string, change: (value: string) => unknown) => (answer: HttpAnswer) =>
  changed(answer, (data) => ({ ...data, [name]: change(String(data[name])) }));

const nonsense = (data: unknown) =>
  ({
    fault: { kind: 'answer', answer: jsonAnswer(200, { request_id: 'x', data }) },
    code: 'KEY_RESPONSE_INVALID',
  }) as const;

type Faults = Pick<FaultSuiteOptions<HttpAnswer>, 'vendor' | 'more' | 'without'>;

/** What can go wrong in Vault's own words, for the fake and for the real server. */
export function vendorFaults(otherCiphertext: string): Faults {
  return {
    without: {
      wrongChecksum: 'answers of Vault carry no checksum',
      wrongClock: 'nothing in a call of Vault carries a time',
    },
    vendor: {
      otherKey: {
        fault: {
          kind: 'rewrite',
          rewrite: withMember('ciphertext', () => otherCiphertext),
          when: isEncrypt,
        },
        code: { seal: 'WRAP_NOT_VERIFIED' },
      },
      changedAnswer: {
        fault: {
          kind: 'rewrite',
          rewrite: withMember('ciphertext', (text) => {
            return text.replace(/:(.)(?=[^:]*$)/, (_, first) => `:${first === 'A' ? 'B' : 'A'}`);
          }),
          when: isEncrypt,
        },
        code: { seal: 'WRAP_NOT_VERIFIED' },
      },
      expiredCredentials: {
        fault: {
          kind: 'answer',
          answer: jsonAnswer(403, {
            errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'],
          }),
        },
        code: 'KEY_DENIED',
      },
    },
    more: {
      'an answer of null': nonsense(null),
      'an answer without what was asked': nonsense({}),
      'the answer of another version': {
        fault: { kind: 'rewrite', rewrite: withMember('key_version', () => 99), when: isEncrypt },
        code: { wrap: 'KEY_RESPONSE_INVALID' },
      },
      'the plaintext of another context': {
        fault: {
          kind: 'rewrite',
          rewrite: withMember('plaintext', () => Buffer.alloc(64).toString('base64')),
          when: isDecrypt,
        },
        code: { unwrap: 'UNWRAP_REJECTED' },
      },
      'a redirect to another host': {
        fault: { kind: 'answer', answer: jsonAnswer(307, {}, { location: 'http://127.0.0.1:9/v1/x' }) },
        code: 'KEY_UNAVAILABLE',
      },
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
      'a 429 that asks to wait for an hour': {
        fault: { kind: 'answer', answer: jsonAnswer(429, { errors: [] }, { 'retry-after': '3600' }) },
        code: 'KEY_THROTTLED',
      },
    },
  };
}

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ErrorCode,
  isWeightsealError,
  type KeyCallOptions,
  type KeyWrapper,
  WeightsealError,
  within,
} from '@weightseal/core';
import { answerFor, type SmallAnswer } from './small-kms.js';

/** Ways in which a provider can fail under faults; each is one line of a sound provider left out or spoilt. */
export type Flaw =
  | 'ignores its deadline'
  | 'returns garbage'
  | 'ignores the checksum'
  | 'ignores which key answered'
  | 'does not retry'
  | 'gives up after a fault'
  | 'mixes up its codes'
  | 'throws plain errors'
  | 'leaks the data key'
  | 'leaks its token'
  | 'pretends to have wrapped';

const ATTEMPTS = 3;
export const TOKEN: Uint8Array = randomBytes(24);

interface Answered {
  readonly status: number;
  readonly text: string;
}

function post(url: string, body: string, signal: AbortSignal): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false, signal });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 0 } = incoming;
      buffer(incoming).then((bytes) => resolve({ status, text: bytes.toString() }), reject);
    });
    outgoing.end(body);
  });
}

const failures: Readonly<Record<number, ErrorCode>> = {
  400: 'UNWRAP_REJECTED',
  401: 'KEY_DENIED',
  429: 'KEY_THROTTLED',
  503: 'KEY_UNAVAILABLE',
};

/** A provider for the small key service, sound but for one flaw. It asks at each call for its deadline. */
export function createSmallKey(url: string, deadlineMs: () => number, flaw?: Flaw): KeyWrapper {
  let broken = false;

  async function answer(path: string, bytes: string, stop: AbortSignal): Promise<SmallAnswer> {
    if (broken) throw new WeightsealError('KEY_UNAVAILABLE', 'The connection is gone.');
    for (let left = flaw === 'does not retry' ? 0 : ATTEMPTS - 1; ; left--) {
      const { status, text } = await post(`${url}${path}`, JSON.stringify({ bytes }), stop);
      if (status === 200) return read(text);
      if (left === 0 || status === 400 || status === 401) {
        const code = failures[status] ?? 'INTERNAL';
        throw new WeightsealError(flaw === 'mixes up its codes' ? 'KEY_NOT_FOUND' : code, `Got ${status}.`);
      }
      await delay(10, undefined, { signal: stop });
    }
  }

  function read(text: string): SmallAnswer {
    const answered = parse(text);
    const { sum } = answerFor('', Buffer.from(answered.bytes, 'base64'));
    if (answered.sum !== sum && flaw !== 'ignores the checksum') throw new SyntaxError('a wrong checksum');
    if (answered.key !== 'k1' && flaw !== 'ignores which key answered') throw new SyntaxError('another key');
    return answered;
  }

  function parse(text: string): SmallAnswer {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (flaw === 'returns garbage') return answerFor('k1', Buffer.alloc(60, text));
      throw error;
    }
  }

  function mapped(error: unknown, sent: string): unknown {
    if (flaw === 'gives up after a fault') broken = true;
    if (flaw === 'throws plain errors') return new Error('It did not work.');
    const shown = flaw === 'leaks its token' ? ` ${Buffer.from(TOKEN).toString('hex')}` : '';
    if (isWeightsealError(error) && !shown && flaw !== 'leaks the data key') return error;
    const code = error instanceof SyntaxError ? 'KEY_RESPONSE_INVALID' : 'KEY_UNAVAILABLE';
    const cause = flaw === 'leaks the data key' ? { config: { body: sent } } : undefined;
    return new WeightsealError(isWeightsealError(error) ? error.code : code, `It failed.${shown}`, { cause });
  }

  async function call(path: string, input: Uint8Array, options: KeyCallOptions | undefined): Promise<Buffer> {
    const limit = flaw === 'ignores its deadline' ? undefined : deadlineMs();
    const limits = { signal: options?.signal, deadlineMs: limit, doing: 'ask' };
    const sent = Buffer.from(input).toString('base64');
    try {
      const { bytes } = await within(limits, (stop) => answer(path, sent, stop));
      return Buffer.from(bytes, 'base64');
    } catch (error) {
      throw mapped(error, sent);
    }
  }

  return {
    provider: 'small',
    uri: 'small:k1',
    async wrap(dataKey, _, options) {
      const wrapped = call('/wrap', dataKey, options);
      const ciphertext =
        flaw === 'pretends to have wrapped' ? await wrapped.catch(() => Buffer.alloc(60)) : await wrapped;
      return { keyUri: 'small:k1', keyVersion: '1', algorithm: 'AES-256-GCM', ciphertext };
    },
    async unwrap(wrapped, _, options) {
      return Uint8Array.from(await call('/unwrap', wrapped.ciphertext, options));
    },
  };
}

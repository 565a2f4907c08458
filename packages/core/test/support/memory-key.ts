import { createDecipheriv } from 'node:crypto';
import {
  type Context,
  encodeContext,
  type KeyCallOptions,
  type KeyWrapper,
  WeightsealError,
  type WrappedKey,
} from '@weightseal/core';
import { kekOf, NONCE, TAG, wrapWith } from './wrap.js';

const ALGORITHM = 'AES-256-GCM';

/** A key in memory, which counts who asked it for what. */
export class MemoryKey implements KeyWrapper {
  readonly provider: string;
  readonly uri: string;
  wraps = 0;
  unwraps = 0;
  /** Every data key that has passed through, for tests that look for leaks. */
  readonly seen: Uint8Array[] = [];

  constructor(name: string, provider = 'memory') {
    this.provider = provider;
    this.uri = `${provider}:${name}`;
  }

  get calls(): number {
    return this.wraps + this.unwraps;
  }

  async wrap(dataKey: Uint8Array, context: Context, options: KeyCallOptions = {}): Promise<WrappedKey> {
    this.wraps++;
    stopIfAborted(options.signal);
    this.seen.push(dataKey.slice());
    return {
      keyUri: this.uri,
      keyVersion: '1',
      algorithm: ALGORITHM,
      ciphertext: wrapWith(kekOf(this.uri), dataKey, context),
    };
  }

  async unwrap(wrapped: WrappedKey, context: Context, options: KeyCallOptions = {}): Promise<Uint8Array> {
    this.unwraps++;
    stopIfAborted(options.signal);
    try {
      const { ciphertext } = wrapped;
      const decipher = createDecipheriv('aes-256-gcm', kekOf(this.uri), ciphertext.subarray(0, NONCE), {
        authTagLength: TAG,
      });
      decipher.setAAD(encodeContext(context)).setAuthTag(ciphertext.subarray(-TAG));
      return Uint8Array.from(
        Buffer.concat([decipher.update(ciphertext.subarray(NONCE, -TAG)), decipher.final()]),
      );
    } catch (cause) {
      throw new WeightsealError('UNWRAP_REJECTED', `${this.uri} did not wrap this.`, { cause });
    }
  }
}

/** A memory key with some of its behaviour replaced. */
export function keyWith(name: string, overrides: Partial<Pick<KeyWrapper, 'wrap' | 'unwrap'>>): MemoryKey {
  const key = new MemoryKey(name);
  const { wrap, unwrap } = overrides;
  if (wrap) {
    key.wrap = (...call) => {
      key.wraps++;
      return wrap(...call);
    };
  }
  if (unwrap) {
    key.unwrap = (...call) => {
      key.unwraps++;
      return unwrap(...call);
    };
  }
  return key;
}

/** A call to a key that never answers, and ends when the caller aborts. */
export function hangUntilAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(aborted(signal)), { once: true });
    if (signal?.aborted) reject(aborted(signal));
  });
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

function aborted(signal: AbortSignal): WeightsealError {
  return new WeightsealError('ABORTED', 'Stopped.', { cause: signal.reason });
}

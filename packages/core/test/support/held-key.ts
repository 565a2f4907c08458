import { setImmediate } from 'node:timers/promises';
import type { Context, KeyCallOptions, WrappedKey } from '@weightseal/core';
import { MemoryKey } from './memory-key.js';

export interface HeldCall {
  readonly signal: AbortSignal;
  readonly wrapped: WrappedKey;
  /** Lets the call give the data key, as a buffer that the test can watch. */
  answer(): Promise<Uint8Array>;
  fail(error: unknown): void;
}

/** A key whose unwraps wait for the test. A deaf one goes on when its signal says to stop. */
export class HeldKey extends MemoryKey {
  readonly held: HeldCall[] = [];
  readonly #deaf: boolean;

  constructor(name: string, { deaf = false, provider = 'memory' } = {}) {
    super(name, provider);
    this.#deaf = deaf;
  }

  override unwrap(wrapped: WrappedKey, context: Context, options: KeyCallOptions = {}): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const signal = options.signal!;
    this.held.push({
      signal,
      wrapped,
      fail: reject,
      answer: async () => {
        const dataKey = await super.unwrap(wrapped, context);
        resolve(dataKey);
        return dataKey;
      },
    });
    if (!this.#deaf) signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  }
}

/** Lets everything happen that needs no timer and no test. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await setImmediate();
}

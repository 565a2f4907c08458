import { createHash } from '../crypto.js';
import { WorkerThread } from './worker-thread.js';

/** SHA-256 over slots that are handed in one after another. */
export interface Digest {
  /** Resolves when the bytes have been read, and the slot can be used again. */
  update(slot: SharedArrayBuffer, length: number): Promise<void>;
  /** `sha256:` and hexadecimal. */
  finish(): Promise<string>;
  end(): Promise<void>;
}

/** On a thread of its own: hashing is the one serial part of a seal, and everything else overlaps with it. */
export function threadDigest(): Digest {
  const thread = new WorkerThread();
  return {
    async update(bytes, length) {
      await thread.call({ kind: 'hash', bytes, length });
    },
    finish: async () => `sha256:${String(await thread.call({ kind: 'digest' }))}`,
    end: () => thread.end(),
  };
}

/** On this thread, for small payloads. */
export function inlineDigest(): Digest {
  const hash = createHash('sha256');
  return {
    update(slot, length) {
      hash.update(new Uint8Array(slot, 0, length));
      return Promise.resolve();
    },
    finish: () => Promise.resolve(`sha256:${hash.digest('hex')}`),
    end: () => Promise.resolve(),
  };
}

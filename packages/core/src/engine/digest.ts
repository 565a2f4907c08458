import { createHash } from '../common/crypto.js';
import { hashFrom } from './hash-from.js';
import { Scratch } from './scratch.js';
import { WorkerThread } from './worker-thread.js';

/** SHA-256 over slots that are handed in one after another. */
export interface Digest {
  /** Resolves when the bytes have been read, and the slot can be used again. */
  update(slot: SharedArrayBuffer, length: number): Promise<void>;
  /** The same of a stretch of an open file. @throws TaskError */
  updateFrom(fd: number, offset: number, length: number): Promise<void>;
  /** `sha256:` and hexadecimal. What comes after it is of another digest. */
  finish(): Promise<string>;
  end(): Promise<void>;
}

/** On a thread of its own: hashing is the one serial part of a seal, and everything else overlaps with it. @throws IO_ERROR without a thread */
export function threadDigest(): Digest {
  const thread = new WorkerThread();
  let here: Digest | undefined;
  let ended = false;
  // A thread that does not come up has hashed nothing; its calls fail in their order, and are made up for in it.
  const onThread = async <T>(call: () => Promise<T>, instead: (digest: Digest) => Promise<T>): Promise<T> => {
    if (here) return instead(here);
    try {
      return await call();
    } catch (error) {
      if (ended || !thread.stillborn) throw error;
      here ??= inlineDigest();
      return instead(here);
    }
  };
  return {
    update: (bytes, length) =>
      onThread(
        async () => void (await thread.call({ kind: 'hash', bytes, length })),
        (digest) => digest.update(bytes, length),
      ),
    updateFrom: (fd, offset, length) =>
      onThread(
        async () => void (await thread.call({ kind: 'hash-from', fd, offset, length })),
        (digest) => digest.updateFrom(fd, offset, length),
      ),
    finish: () =>
      onThread(
        async () => `sha256:${String(await thread.call({ kind: 'digest' }))}`,
        (digest) => digest.finish(),
      ),
    end: async () => {
      ended = true;
      await thread.end();
    },
  };
}

/** On this thread, for small payloads. */
export function inlineDigest(): Digest {
  let hash = createHash('sha256');
  const scratch = new Scratch();
  return {
    update(slot, length) {
      hash.update(new Uint8Array(slot, 0, length));
      return Promise.resolve();
    },
    async updateFrom(fd, offset, length) {
      // At once: calls that a thread has left come one upon the other, and keep their order.
      hashFrom(hash, fd, offset, length, scratch);
    },
    finish() {
      const sum = hash.digest('hex');
      hash = createHash('sha256');
      return Promise.resolve(`sha256:${sum}`);
    },
    end: () => Promise.resolve(),
  };
}

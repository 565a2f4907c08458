import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { encodeContext, type KeyCallOptions, type KeyWrapper, WeightsealError } from '@weightseal/core';
import type { Subject } from '@weightseal/kms-contract';

/** Ways in which a provider can break the contract; each is one line of a sound provider left out or spoilt. */
export type Flaw =
  | 'ignores the context'
  | 'joins the context'
  | 'ignores the tag'
  | 'ignores the end of the wrap'
  | 'is not randomised'
  | 'wraps any length'
  | 'leaks the data key'
  | 'leaks the data key to logs'
  | 'leaks its secret'
  | 'ignores a fired signal'
  | 'ignores a firing signal'
  | 'drops the reason'
  | 'keeps its listener'
  | 'ignores its deadline'
  | 'throws plain errors'
  | 'forgets old versions'
  | 'keeps its version name'
  | 'mixes up its codes'
  | 'lends its memory'
  | 'zeroes its input'
  | 'shows credentials'
  | 'mixes up parallel calls';

type Backend = 'sound' | 'hanging' | 'KEY_NOT_FOUND' | 'KEY_DENIED' | 'KEY_DISABLED' | 'KEY_UNAVAILABLE';

interface Settings {
  readonly flaw: Flaw | undefined;
  readonly versions: Buffer[];
  readonly backend: Backend;
}

/** Long beside the 20 ms after which the contract aborts, also on a machine that stalls. */
const DEADLINE_MS = 1500;

export async function memorySubject(flaw?: Flaw): Promise<Subject> {
  const versions = [randomBytes(32)];
  const on = (backend: Backend) => createMemoryKey({ flaw, versions, backend });
  return {
    wrapper: on('sound'),
    otherKey: createMemoryKey({ flaw, versions: [randomBytes(32)], backend: 'sound' }),
    rotate: async () => {
      if (flaw === 'forgets old versions') versions[0] = randomBytes(32);
      versions.push(randomBytes(32));
    },
    slow: on('hanging'),
    missing: on(flaw === 'mixes up its codes' ? 'KEY_DENIED' : 'KEY_NOT_FOUND'),
    denied: on('KEY_DENIED'),
    disabled: on('KEY_DISABLED'),
    unavailable: on('KEY_UNAVAILABLE'),
    secrets: async () => versions,
  };
}

function createMemoryKey({ flaw, versions, backend }: Settings): KeyWrapper {
  let shared = Buffer.alloc(0);
  const uri = flaw === 'shows credentials' ? 'memory://user:password@key' : 'memory:key';

  function aad(context: Readonly<Record<string, string>>): Uint8Array {
    const bytes = encodeContext(context);
    if (flaw === 'ignores the context') return new Uint8Array();
    return flaw === 'joins the context' ? Buffer.from(Object.entries(context).sort().flat().join('')) : bytes;
  }

  function rejected(message: string, secret: Uint8Array): Error {
    if (flaw === 'throws plain errors') return new Error(message);
    const cause = flaw === 'leaks the data key to logs' ? { request: { body: secret } } : undefined;
    const text = flaw === 'leaks its secret' ? `${message} ${versions[0]!.toString('base64')}` : message;
    return new WeightsealError('UNWRAP_REJECTED', text, { cause });
  }

  async function answer(options: KeyCallOptions | undefined): Promise<void> {
    const signal =
      flaw === 'ignores a fired signal' && options?.signal?.aborted ? undefined : options?.signal;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cause = () => (flaw === 'drops the reason' ? undefined : signal?.reason);
    const onAbort = () => reject(new WeightsealError('ABORTED', 'Aborted.', { cause: cause() }));
    const onDeadline = () => reject(new WeightsealError('KEY_TIMEOUT', 'No answer.'));
    const timer = setTimeout(flaw === 'ignores its deadline' ? () => {} : onDeadline, DEADLINE_MS);
    if (signal?.aborted) onAbort();
    else if (flaw !== 'ignores a firing signal') signal?.addEventListener('abort', onAbort);
    if (backend === 'sound') resolve();
    else if (backend !== 'hanging') reject(new WeightsealError(backend, 'As told.'));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      if (flaw !== 'keeps its listener') signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    provider: 'memory',
    uri,
    async wrap(dataKey, context, options) {
      if (dataKey.length !== 32 && flaw !== 'wraps any length') {
        const shown = flaw === 'leaks the data key' ? Buffer.from(dataKey).toString('hex') : '';
        throw new WeightsealError('INVALID_ARGUMENT', `Not 32 bytes. ${shown}`);
      }
      const bound = aad(context);
      await answer(options);
      shared = Buffer.from(dataKey);
      if (flaw === 'mixes up parallel calls') await answer(options);
      const version = flaw === 'keeps its version name' ? 1 : versions.length;
      const secret = versions.at(-1)!;
      const nonce =
        flaw === 'is not randomised'
          ? createHash('sha256').update(shared).digest().subarray(0, 12)
          : randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(bound);
      const ciphertext = Buffer.concat([nonce, cipher.update(shared), cipher.final(), cipher.getAuthTag()]);
      if (flaw === 'zeroes its input') dataKey.fill(0);
      return { keyUri: uri, keyVersion: String(version), algorithm: 'AES-256-GCM', ciphertext };
    },
    async unwrap(wrapped, context, options) {
      const bound = aad(context);
      await answer(options);
      const { ciphertext } = wrapped;
      const secrets =
        flaw === 'keeps its version name' ? versions : [versions[Number(wrapped.keyVersion) - 1]];
      const cut = flaw === 'ignores the end of the wrap' ? ciphertext.subarray(0, 60) : ciphertext;
      if (cut.length !== 60 || wrapped.algorithm !== 'AES-256-GCM')
        throw rejected('Not ours.', new Uint8Array());
      for (const secret of secrets) {
        if (secret === undefined) continue;
        const decipher = createDecipheriv('aes-256-gcm', secret, cut.subarray(0, 12)).setAAD(bound);
        const opened = decipher.update(cut.subarray(12, 44));
        try {
          if (flaw !== 'ignores the tag') decipher.setAuthTag(cut.subarray(44)).final();
          if (flaw !== 'lends its memory') return Uint8Array.from(opened);
          shared = shared.equals(opened) || shared.every((byte) => byte === 0) ? shared : opened;
          return shared;
        } catch {
          if (secret === secrets.at(-1)) throw rejected('The tag does not fit.', opened);
        }
      }
      throw rejected('No such version.', new Uint8Array());
    },
  };
}

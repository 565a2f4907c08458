import {
  checkDataKey,
  checkedDeadline,
  checkOptions,
  encodeContext,
  type KeyWrapper,
  type Kind,
  WeightsealError,
  type WrappedKey,
  wipe,
  within,
} from '@weightseal/core';
import { randomBytes, scrypt } from './crypto.js';
import { checkGiven, type GivenPassphrase, withPassphrase } from './given-passphrase.js';
import { checkMemoryFor } from './memory-left.js';
import { checkedScrypt, type ScryptParameters, scryptProblem } from './scrypt-parameters.js';
import { weaknessOf } from './weak-passphrase.js';
import { type BlobKey, BODY_BYTES, openBlob, SALT_BYTES, sealBlob } from './wrap-blob.js';

const ALGORITHM = 'scrypt-AES-256-GCM';
const LABEL = 'weightseal/passphrase/wrap/1';
const BLOB_VERSION = 1;
const HEAD_BYTES = 4;
const KEK_BYTES = 32;

export interface PassphraseKeyOptions {
  /** The bytes as they are, which the caller goes on owning, or what asks for them at each call. */
  readonly passphrase: GivenPassphrase;
  /** The cost of new wraps; old wraps carry their own. N = 131072, r = 8, p = 1 unless told: 128 MiB. */
  readonly scrypt?: ScryptParameters | undefined;
  /** `passphrase:` unless told. Never the passphrase. */
  readonly uri?: string | undefined;
  /** Milliseconds that the derivation may take; 10 000 unless told. The time to ask does not count. */
  readonly deadlineMs?: number | undefined;
  /** Whether a new wrap may be made with a passphrase that would be guessed (docs/key-uris.md); the default is false. Any may unwrap. */
  readonly allowWeakPassphrase?: boolean | undefined;
}

const OPTIONS: Readonly<Record<keyof PassphraseKeyOptions, Kind>> = {
  passphrase: 'any',
  scrypt: 'object',
  uri: 'string',
  deadlineMs: 'any',
  allowWeakPassphrase: 'boolean',
};

/**
 * A key that scrypt makes from a passphrase, anew for each call and wiped after it.
 *
 * A wrap is `0x01 || log2 N || r || p || salt (32) || ciphertext (32) || tag (16)`, 84 bytes. The key-encryption key is
 * scrypt(passphrase, salt, N, r, p, 32), and the wrap is bound to its first four bytes and the context.
 *
 * @throws INVALID_ARGUMENT, KEY_URI_INVALID. The calls throw also PASSPHRASE_REQUIRED, `wrap` PASSPHRASE_WEAK.
 */
export function createPassphraseKey(options: PassphraseKeyOptions): KeyWrapper {
  checkOptions(options, OPTIONS, 'A key from a passphrase');
  const { passphrase } = options;
  checkGiven(passphrase);
  const cost = checkedScrypt(options.scrypt);
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const uri = options.uri ?? 'passphrase:';
  if (!uri.startsWith('passphrase:'))
    throw new WeightsealError('KEY_URI_INVALID', 'The URI of a passphrase must start with passphrase:.');

  async function withKek<T>(
    parameters: ScryptParameters,
    salt: Uint8Array,
    signal: AbortSignal | undefined,
    use: (kek: Uint8Array) => T,
    check: (passphrase: Uint8Array) => void = () => {},
  ): Promise<T> {
    return withPassphrase(options.passphrase, signal, async (passphrase) => {
      check(passphrase);
      const limits = { signal, deadlineMs, doing: 'derive a key from the passphrase' };
      const kek = await within(limits, () => derive(passphrase, salt, parameters), wipe);
      try {
        return use(kek);
      } finally {
        wipe(kek);
      }
    });
  }

  return {
    provider: 'passphrase',
    uri,
    // One that asks for too much is tried all the same, since that costs nothing, and says so.
    fits: (slot) => parse(slot) !== undefined,
    effort: (slot) => workOf(parse(slot)?.parameters),
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encodeContext(context);
      const head = Uint8Array.of(BLOB_VERSION, Math.log2(cost.N), cost.r, cost.p);
      const salt = randomBytes(SALT_BYTES);
      return withKek(
        cost,
        salt,
        call?.signal,
        (kek): WrappedKey => {
          const ciphertext = Buffer.concat([head, sealBlob(blobKey(kek, salt, head, bound), dataKey)]);
          return { keyUri: uri, keyVersion: '', algorithm: ALGORITHM, ciphertext };
        },
        options.allowWeakPassphrase === true ? undefined : refuseWeak,
      );
    },
    async unwrap(wrapped, context, call) {
      const bound = encodeContext(context);
      const { head, parameters, salt, sealed } = checked(parse(wrapped) ?? rejected(NOT_OURS));
      return withKek(parameters, salt, call?.signal, (kek) => {
        return openBlob(blobKey(kek, salt, head, bound), sealed) ?? rejected(WRONG);
      });
    },
  };
}

/** @throws PASSPHRASE_WEAK */
function refuseWeak(passphrase: Uint8Array): void {
  const weakness = weaknessOf(passphrase);
  if (weakness === undefined) return;
  throw new WeightsealError(
    'PASSPHRASE_WEAK',
    `The passphrase would be guessed: ${weakness}. Use several unrelated words; --allow-weak-passphrase (allowWeakPassphrase) takes it all the same.`,
  );
}

async function derive(
  passphrase: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<Buffer> {
  await checkMemoryFor(128 * N * r, 'derive the key from the passphrase');
  // OpenSSL counts its blocks for p and a little more beside the 128·N·r of the algorithm.
  const maxmem = 128 * r * (N + p + 2) + 1024;
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEK_BYTES, { N, r, p, maxmem }, (error, kek) => {
      if (error === null) resolve(kek);
      else reject(unavailable(error));
    });
  });
}

function blobKey(kek: Uint8Array, salt: Uint8Array, head: Uint8Array, context: Uint8Array): BlobKey {
  return { kek, salt, label: LABEL, bound: [head, context] };
}

function parse({ algorithm, ciphertext }: WrappedKey) {
  if (algorithm !== ALGORITHM || ciphertext.length !== HEAD_BYTES + BODY_BYTES) return undefined;
  const head = ciphertext.subarray(0, HEAD_BYTES);
  const [version, log2N, r, p] = head as unknown as readonly [number, number, number, number];
  if (version !== BLOB_VERSION) return undefined;
  const body = ciphertext.subarray(HEAD_BYTES);
  return {
    head,
    parameters: { N: 2 ** log2N, r, p },
    salt: body.subarray(0, SALT_BYTES),
    sealed: body.subarray(SALT_BYTES),
  };
}

function checked<T extends { parameters: ScryptParameters }>(parsed: T): T {
  const problem = scryptProblem(parsed.parameters);
  if (problem)
    rejected(`The wrapped key asks for scrypt beyond the limits (${problem}), so it was not tried.`);
  return parsed;
}

/** The bytes that an unwrap fills; none where it is refused before. */
function workOf(parameters: ScryptParameters | undefined): number {
  if (parameters === undefined || scryptProblem(parameters)) return 0;
  return 128 * parameters.N * parameters.r * parameters.p;
}

const NOT_OURS = 'The wrapped key was not made from a passphrase, or is damaged.';
const WRONG =
  'The passphrase does not open this: it is another one, or the wrap or its context was changed. ' +
  'Check the passphrase (its letters count as they are encoded: é as one character and as e with an accent are two) and the context.';

function rejected(message: string): never {
  throw new WeightsealError('UNWRAP_REJECTED', message);
}

function unavailable(cause: Error): WeightsealError {
  return new WeightsealError(
    'KEY_UNAVAILABLE',
    'Could not derive a key from the passphrase. It takes much memory; check the limit of the process.',
    { cause },
  );
}

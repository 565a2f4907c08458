import {
  checkDataKey,
  checkedDeadline,
  checkOptions,
  encodeContext,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyRotator,
  type KeyWrapper,
  type Kind,
  type Limits,
  type RotationScheduler,
  within,
} from '@weightseal/core';
import { asking } from './ask.js';
import { type ConnectionOptions, lazyClient } from './connection.js';
import { ALGORITHM, decrypt, encrypt, rejected } from './data-key-calls.js';
import { keyManagement } from './key-management.js';
import {
  isOneKey,
  isUriOf,
  isVersionOf,
  type KeyName,
  keyName,
  PROVIDER,
  parseKeyUri,
  uriOf,
} from './key-name.js';
import { keyRotator } from './rotate.js';

export interface GcpKeyOptions extends ConnectionOptions {
  /**
   * `projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>`, whose primary version wraps; or with
   * `/cryptoKeyVersions/<v>` after it, which then wraps. Either way each version of the key unwraps.
   */
  readonly name: string;
  /** Milliseconds that one call may take in all, retries included; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
}

export type UriOptions = Omit<GcpKeyOptions, 'name'>;

export const URI_OPTIONS: Readonly<Record<keyof UriOptions, Kind>> = {
  client: 'object',
  clientOptions: 'object',
  transport: 'any',
  deadlineMs: 'any',
};
export const OPTIONS: Readonly<Record<keyof GcpKeyOptions, Kind>> = { ...URI_OPTIONS, name: 'any' };

export type GcpKey = KeyWrapper & KeyDescriber & KeyRotator & RotationScheduler;

/**
 * A symmetric key of Google Cloud KMS. Credentials come from where the SDK finds them (application default credentials),
 * or from `clientOptions` or `client`. Nothing is loaded or asked before the first call.
 *
 * @throws INVALID_ARGUMENT for what names no key
 */
export function createGcpKey(options: GcpKeyOptions): GcpKey {
  checkOptions(options, OPTIONS, 'A key of Cloud KMS');
  return gcpKey(keyName(options.name, 'INVALID_ARGUMENT'), options);
}

/**
 * The key of `gcp-kms://projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>[/cryptoKeyVersions/<v>]`.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function gcpKeyFromUri(uri: string, options: UriOptions = {}): GcpKey {
  checkOptions(options, URI_OPTIONS, 'A key of gcp-kms:');
  return gcpKey(parseKeyUri(uri), options);
}

function gcpKey(name: KeyName, options: UriOptions): GcpKey {
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const uri = uriOf(name);
  const ask = asking(name, lazyClient(options), deadlineMs);
  const limits = (call: KeyCallOptions | undefined, doing: string): Limits => {
    return { signal: call?.signal, deadlineMs, doing: `${doing} the Cloud KMS key ${name.key}` };
  };
  return {
    provider: PROVIDER,
    uri,
    fits: ({ keyUri, keyVersion, algorithm, ciphertext }) =>
      algorithm === ALGORITHM &&
      ciphertext.length > 0 &&
      isVersionOf(keyVersion, name) &&
      isUriOf(keyUri, name) &&
      isOneKey(keyUri, keyVersion),
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encodeContext(context);
      const wrapped = await within(limits(call, 'wrap with'), (stop) =>
        encrypt(ask, name, dataKey, bound, stop),
      );
      return { keyUri: uri, algorithm: ALGORITHM, ...wrapped };
    },
    async unwrap({ algorithm, keyVersion, ciphertext }, context, call) {
      const bound = encodeContext(context);
      // A slot is hostile, and never chooses the key: what is of another key is refused before anything is asked.
      if (!isVersionOf(keyVersion, name))
        throw rejected(
          `is of no version of ${name.key}. Name the key that made it, or put back an intact copy`,
        );
      if (algorithm !== ALGORITHM)
        throw rejected('was not made by a symmetric key of Cloud KMS. Put back an intact copy');
      if (ciphertext.length === 0) throw rejected('is empty. Put back an intact copy');
      return within(
        limits(call, 'unwrap with'),
        (stop) => decrypt(ask, name, ciphertext, bound, stop),
        (late) => late.fill(0),
      );
    },
    ...keyManagement(name, uri, ask, limits),
    ...keyRotator(name, ask, limits),
  };
}

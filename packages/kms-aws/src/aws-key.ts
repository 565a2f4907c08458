import {
  checkDataKey,
  checkedDeadline,
  checkOptions,
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
import { type ConnectionOptions, lazyConnection } from './connection.js';
import { ALGORITHM, decrypt, encrypt, MAX_CIPHERTEXT_BYTES, wrappedVersion } from './data-key-calls.js';
import { encryptionContext } from './encryption-context.js';
import { keyManagement } from './key-management.js';
import { type KeyName, keyName, PROVIDER, parseKeyUri, uriOf } from './key-name.js';
import { checkSameVersion, fitsSlot, rejected, slotVersion, versionName } from './key-version.js';
import { keyRotator } from './rotate.js';

export interface AwsKeyOptions extends ConnectionOptions {
  /** A key ARN, an alias ARN, `alias/<name>`, or a key id. */
  readonly keyId: string;
  /** Where the key is, for an alias or a key id; the SDK's own chain tells it otherwise. An ARN tells it itself. */
  readonly region?: string | undefined;
  /** Milliseconds that one call may take in all, retries included; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
}

export type UriOptions = Omit<AwsKeyOptions, 'keyId' | 'region'>;

export const URI_OPTIONS: Readonly<Record<keyof UriOptions, Kind>> = {
  client: 'object',
  clientConfig: 'object',
  deadlineMs: 'any',
};
export const OPTIONS: Readonly<Record<keyof AwsKeyOptions, Kind>> = {
  ...URI_OPTIONS,
  keyId: 'any',
  region: 'any',
};

export type AwsKey = KeyWrapper & KeyDescriber & KeyRotator & RotationScheduler;

/**
 * A symmetric key of AWS KMS. Credentials, region and endpoint come from where the SDK finds them, or from `clientConfig` or
 * `client`. Nothing is loaded or asked before the first call.
 *
 * @throws INVALID_ARGUMENT for what names no key
 */
export function createAwsKey(options: AwsKeyOptions): AwsKey {
  checkOptions(options, OPTIONS, 'A key of AWS KMS');
  return awsKey(keyName(options.keyId, options.region, 'INVALID_ARGUMENT'), options);
}

/**
 * The key of `aws-kms://<key ARN>`, `aws-kms://<alias ARN>`, `aws-kms://alias/<name>[?region=…]` or
 * `aws-kms://<key id>[?region=…]`.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function awsKeyFromUri(uri: string, options: UriOptions = {}): AwsKey {
  checkOptions(options, URI_OPTIONS, 'A key of aws-kms:');
  return awsKey(parseKeyUri(uri), options);
}

function awsKey(name: KeyName, options: UriOptions): AwsKey {
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const uri = uriOf(name);
  const ask = asking(name, lazyConnection(name, options));
  const limits = (call: KeyCallOptions | undefined, doing: string): Limits => {
    return { signal: call?.signal, deadlineMs, doing: `${doing} the AWS KMS key ${name.keyId}` };
  };
  return {
    provider: PROVIDER,
    uri,
    fits: ({ keyUri, keyVersion, algorithm, ciphertext }) =>
      algorithm === ALGORITHM &&
      ciphertext.length > 0 &&
      ciphertext.length <= MAX_CIPHERTEXT_BYTES &&
      fitsSlot(keyUri, keyVersion, name),
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encryptionContext(context);
      return within(limits(call, 'wrap with'), async (stop) => {
        const ciphertext = await encrypt(ask, name, dataKey, bound, stop);
        const version = await wrappedVersion(ask, name, { dataKey, ciphertext, bound }, stop);
        return { keyUri: uri, keyVersion: versionName(version), algorithm: ALGORITHM, ciphertext };
      });
    },
    async unwrap({ algorithm, keyVersion, ciphertext }, context, call) {
      const bound = encryptionContext(context);
      const slot = slotVersion(keyVersion, name);
      if (algorithm !== ALGORITHM) throw rejected('was not made by a symmetric AWS KMS key');
      if (ciphertext.length === 0 || ciphertext.length > MAX_CIPHERTEXT_BYTES)
        throw rejected('has no length that AWS KMS takes');
      return within(
        limits(call, 'unwrap with'),
        async (stop) => {
          const { plaintext, version } = await decrypt(ask, name, ciphertext, bound, stop);
          try {
            checkSameVersion(version, slot);
            return plaintext;
          } catch (error) {
            plaintext.fill(0);
            throw error;
          }
        },
        (late) => late.fill(0),
      );
    },
    ...keyManagement(name, uri, ask, limits),
    ...keyRotator(name, ask, limits),
  };
}

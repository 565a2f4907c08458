import type { KeyVaultKey } from '@azure/keyvault-keys';
import { type KeyState, WeightsealError } from '@weightseal/core';
import { answeredVersion } from './ask.js';
import type { AzureAlgorithm } from './blob.js';
import type { KeyName } from './uri.js';

const MIN_RSA_BITS = 2048;

/** The version that a wrap made now uses, and how. */
export interface WrappingKey {
  readonly version: string;
  readonly algorithm: AzureAlgorithm;
}

/**
 * @throws KEY_RESPONSE_INVALID, KEY_DISABLED, and INVALID_ARGUMENT for a key that cannot wrap
 */
export function wrappingKey(found: KeyVaultKey, key: KeyName, wanted?: AzureAlgorithm): WrappingKey {
  const version = enabledVersion(found, key);
  return { version, algorithm: algorithmOf(found, key, wanted) };
}

/** @throws KEY_RESPONSE_INVALID, KEY_DISABLED */
export function enabledVersion(found: KeyVaultKey, key: KeyName): string {
  const version = answeredVersion(found.id, key, key.version);
  // The service checks dates by its own clock. It does not check this one: a disabled key still wraps, and does not unwrap.
  if (found.properties.enabled !== false) return version;
  throw new WeightsealError(
    'KEY_DISABLED',
    `${key.uri}: version ${version} is disabled. Enable it (az keyvault key set-attributes --enabled true).`,
  );
}

/** A symmetric key encrypts with the context as additional data where its operations let it, and else wraps. */
export function algorithmOf(found: KeyVaultKey, key: KeyName, wanted?: AzureAlgorithm): AzureAlgorithm {
  const type = found.keyType ?? 'unknown';
  const fail = (problem: string): never => {
    throw new WeightsealError('INVALID_ARGUMENT', `${key.uri} ${problem}.`);
  };
  if (type.startsWith('RSA')) {
    const bits = rsaBits(found);
    if (bits < MIN_RSA_BITS) {
      fail(`is an RSA key of ${bits} bits; seal for one of at least ${MIN_RSA_BITS}, better 3072`);
    }
    return wanted === undefined || wanted === 'RSA-OAEP-256'
      ? 'RSA-OAEP-256'
      : fail(`is an RSA key and cannot do ${wanted}; leave the option algorithm out`);
  }
  if (!type.startsWith('oct'))
    return fail(`is of type ${type}, which cannot wrap; use RSA, RSA-HSM or oct-HSM`);
  if (wanted === 'RSA-OAEP-256')
    return fail(`is of type ${type} and cannot do ${wanted}; leave the option algorithm out`);
  const operations = found.keyOperations ?? ['encrypt', 'decrypt'];
  const encrypts = operations.includes('encrypt') && operations.includes('decrypt');
  return wanted ?? (encrypts ? 'A256GCM' : 'A256KW');
}

/** The state as a wrap made now would find it; an expired version still unwraps. */
export function stateOf({ properties }: KeyVaultKey, now: number): KeyState {
  const { enabled } = properties;
  const [from, until] = [dateOf(properties.notBefore), dateOf(properties.expiresOn)];
  const early = from !== undefined && now < from.getTime();
  const late = until !== undefined && now >= until.getTime();
  return enabled === false || early || late ? 'disabled' : 'enabled';
}

/** The SDK passes on a null, which a server can send for a date that is not set. */
export function dateOf(value: unknown): Date | undefined {
  return value instanceof Date ? value : undefined;
}

export function protectionOf({ keyType }: KeyVaultKey): string {
  return keyType?.endsWith('-HSM') ? 'hsm' : 'software';
}

function rsaBits({ key }: KeyVaultKey): number {
  const modulus = key?.n ?? new Uint8Array();
  const start = modulus.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (modulus.length - start) * 8 - (Math.clz32(modulus[start]!) - 24);
}

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
  type RotationScheduler,
  type WrappedKey,
  within,
} from '@weightseal/core';
import type { Asking } from './ask.js';
import { beginner, checkTls } from './begin.js';
import type { VaultTls } from './connection.js';
import { unwrapDataKey, wrapDataKey } from './data-key-calls.js';
import { describeKey, rotateKey, rotationStatus, scheduleRotation } from './key-management.js';
import { checkedName, isUriOf, PROVIDER, partsOf } from './key-name.js';
import { ciphertextIn, isWrap, OTHER_KEY, rejected } from './payload.js';
import type { VaultToken } from './token.js';

export interface VaultKeyOptions {
  /** `https://<host>[:<port>]`; `http://` on a loopback address only. VAULT_ADDR does not stand in for it: the URI has to name the key. */
  readonly address: string;
  /** Where the Transit engine is mounted; `transit` unless told. */
  readonly mount?: string | undefined;
  readonly name: string;
  /** VAULT_NAMESPACE is not read either. */
  readonly namespace?: string | undefined;
  /**
   * The token, or what gets it at each call; else VAULT_TOKEN, BAO_TOKEN or ~/.vault-token, if VAULT_ADDR or BAO_ADDR is this address.
   * With none of them the call has none.
   */
  readonly token?: VaultToken | undefined;
  /** Certificates, instead of those that VAULT_CACERT, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY name. */
  readonly tls?: VaultTls | undefined;
  /** Other URIs under which this very key wrapped: other names of the server, or where the key lay before. Their slots are taken for this key's. */
  readonly formerUris?: readonly string[] | undefined;
  /** Milliseconds that one call may take in all, retries included; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
}

export type UriOptions = Omit<VaultKeyOptions, 'address' | 'mount' | 'name' | 'namespace'>;

export const URI_OPTIONS: Readonly<Record<keyof UriOptions, Kind>> = {
  token: 'string or function',
  tls: 'object',
  formerUris: 'strings',
  deadlineMs: 'any',
};
export const OPTIONS: Readonly<Record<keyof VaultKeyOptions, Kind>> = {
  ...URI_OPTIONS,
  address: 'any',
  mount: 'any',
  name: 'any',
  namespace: 'any',
};

export type VaultKey = KeyWrapper & KeyDescriber & KeyRotator & RotationScheduler;

/**
 * A key in the Transit engine of HashiCorp Vault or OpenBao. payload.ts has what is wrapped; the wrap is Transit's own
 * `vault:v<version>:<base64>`.
 *
 * Wrapping is one request, `encrypt`, and opening is one, `decrypt`, on the key named here and no other. Neither has to read the key.
 *
 * @throws INVALID_ARGUMENT
 */
export function createVaultKey(options: VaultKeyOptions): VaultKey {
  checkOptions(options, OPTIONS, 'A key of Vault');
  const { token, tls = {} } = options;
  checkTls(tls);
  const key = checkedName(options, 'INVALID_ARGUMENT');
  const former = (options.formerUris ?? []).map((uri) => checkedName(partsOf(uri), 'KEY_URI_INVALID'));
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const begin = beginner(key, token, tls);
  const run = <T>(
    call: KeyCallOptions | undefined,
    doing: string,
    work: (asking: Asking) => Promise<T>,
    discard?: (late: T) => void,
  ): Promise<T> => {
    const endsAt = performance.now() + deadlineMs;
    const start = async (stop: AbortSignal) => work(await begin(stop, endsAt));
    return within({ signal: call?.signal, deadlineMs, doing: `${doing} ${key.uri}` }, start, discard);
  };
  const ofThisKey = ({ keyUri }: WrappedKey) => [key, ...former].some((one) => isUriOf(keyUri, one));
  return {
    provider: PROVIDER,
    uri: key.uri,
    fits: (slot) => ofThisKey(slot) && isWrap(slot),
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encodeContext(context);
      return run(call, 'wrap with', (asking) => wrapDataKey(asking, dataKey, bound));
    },
    async unwrap(wrapped, context, call) {
      const bound = encodeContext(context);
      if (!ofThisKey(wrapped)) throw rejected(OTHER_KEY);
      const ciphertext = ciphertextIn(wrapped);
      return run(
        call,
        'unwrap with',
        (asking) => unwrapDataKey(asking, ciphertext, bound),
        (late) => late.fill(0),
      );
    },
    describe: (call) => run(call, 'describe', describeKey),
    rotate: (call) => run(call, 'rotate', rotateKey),
    rotationStatus: (call) => run(call, 'read the rotation of', rotationStatus),
    scheduleRotation: (everyDays, call) =>
      run(call, 'schedule the rotation of', (asking) => scheduleRotation(asking, everyDays)),
  };
}

/**
 * The key of `vault://<host>[:port]/<mount>/keys/<name>[?namespace=<namespace>][&tls=off]`.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function vaultKeyFromUri(uri: string, options: UriOptions = {}): VaultKey {
  checkOptions(options, URI_OPTIONS, 'A key of vault:');
  const parts = partsOf(uri);
  checkedName(parts, 'KEY_URI_INVALID');
  return createVaultKey({ ...options, ...parts });
}

import type { CryptographyClient } from '@azure/keyvault-keys';
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
import { type Ask, ask } from './ask.js';
import { type AzureAlgorithm, type Body, FOREIGN, OTHER_KEY, rejected, splitBlob } from './blob.js';
import { unwrapDataKey, wrapDataKey } from './cipher.js';
import { describeKey, pinned } from './describe.js';
import { wrappingKey } from './key-facts.js';
import { rotateKey, rotationStatus, scheduleRotation } from './rotation.js';
import { type AzureClients, namedVersion, once, type SdkOptions, sdkClients } from './sdk-clients.js';
import { checkedName, isUriOf, isVersion, type KeyName, mayNameVersion, PROVIDER, partsOf } from './uri.js';

/** Versions whose clients are kept: each has a connection and a token of its own to ask for. */
const MAX_CLIENTS = 16;

export interface AzureKeyOptions extends SdkOptions {
  /** `https://<vault>.vault.azure.net`, or that of a Managed HSM. */
  readonly vaultUrl: string;
  readonly name: string;
  /** Wraps with this version instead of the current one. Every version unwraps what it wrapped. */
  readonly version?: string | undefined;
  /** How to wrap, instead of the best that the key can: RSA-OAEP-256; on a Managed HSM A256GCM, else A256KW. */
  readonly algorithm?: AzureAlgorithm | undefined;
  /** The official clients, instead of `credential` and `clientOptions`. */
  readonly clients?: AzureClients | undefined;
  /** Hosts, as `<host>[:<port>]`, that are trusted with data keys although Microsoft's domains do not hold them. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Other URIs under which this very key wrapped: of the vault that a backup of it comes from. Their slots are taken for this key's. */
  readonly formerUris?: readonly string[] | undefined;
  /** Milliseconds that one call may take in all, tokens and retries included; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
}

export type UriOptions = Omit<AzureKeyOptions, 'vaultUrl' | 'name' | 'version'>;

export const URI_OPTIONS: Readonly<Record<keyof UriOptions, Kind>> = {
  algorithm: 'any',
  clients: 'object',
  credential: 'object',
  clientOptions: 'object',
  allowedHosts: 'strings',
  formerUris: 'strings',
  deadlineMs: 'any',
};
export const OPTIONS: Readonly<Record<keyof AzureKeyOptions, Kind>> = {
  ...URI_OPTIONS,
  vaultUrl: 'any',
  name: 'any',
  version: 'any',
};

export type AzureKey = KeyWrapper & KeyDescriber & KeyRotator & RotationScheduler;

/**
 * A key in Azure Key Vault or Managed HSM. blob.ts has what a wrap looks like.
 *
 * Opening makes one request, `unwrapKey` or `decrypt` on the version that the slot names, of the vault and key named here
 * and no other. Wrapping reads the key first, for its version, type and state.
 *
 * @throws INVALID_ARGUMENT
 */
export function createAzureKey(options: AzureKeyOptions): AzureKey {
  checkOptions(options, OPTIONS, 'A key of Azure');
  const key = checkedName(options, 'INVALID_ARGUMENT');
  const former = (options.formerUris ?? []).map((uri) => formerKey(uri, options.allowedHosts));
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const { algorithm, clients = once(() => sdkClients(key, options, deadlineMs)) } = options;
  const load = async () => (typeof clients === 'function' ? clients() : clients);
  const versions = new Map<string, CryptographyClient>();
  const run = <T>(
    call: KeyCallOptions | undefined,
    doing: string,
    work: (asking: Ask, clients: AzureClients) => Promise<T>,
    discard?: (late: T) => void,
  ): Promise<T> => {
    const limits = { signal: call?.signal, deadlineMs, doing: `${doing} ${key.uri}` };
    return within(limits, async (stop) => work({ key, stop }, await load()), discard);
  };
  const clientOf = (version: string, { cryptography }: AzureClients): CryptographyClient => {
    const client = versions.get(version) ?? cryptography(namedVersion(key, version));
    versions.delete(version);
    versions.set(version, client);
    if (versions.size > MAX_CLIENTS) versions.delete(versions.keys().next().value!);
    return client;
  };
  const ofThisKey = ({ keyUri, keyVersion }: Pick<WrappedKey, 'keyUri' | 'keyVersion'>) =>
    [key, ...former].some((one) => isUriOf(keyUri, one)) && mayNameVersion(keyUri, keyVersion);
  return {
    provider: PROVIDER,
    uri: key.uri,
    fits: ({ keyUri, keyVersion, algorithm: used, ciphertext }) =>
      ofThisKey({ keyUri, keyVersion }) && isVersion(keyVersion) && splitBlob(used, ciphertext) !== undefined,
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encodeContext(context);
      return run(call, 'wrap with', async (asking, loaded) => {
        const { answer: chosen } = await ask(asking, 'get', async (get) =>
          wrappingKey(await loaded.keys.getKey(key.name, { ...get, ...pinned(asking) }), key, algorithm),
        );
        const client = clientOf(chosen.version, loaded);
        const cipher = { ...asking, client, version: chosen.version, context: bound };
        const ciphertext = await wrapDataKey(cipher, chosen.algorithm, dataKey);
        return { keyUri: key.uri, keyVersion: chosen.version, algorithm: chosen.algorithm, ciphertext };
      });
    },
    async unwrap({ keyUri, keyVersion: version, algorithm: used, ciphertext }, context, call) {
      const bound = encodeContext(context);
      if (!ofThisKey({ keyUri, keyVersion: version })) throw rejected(OTHER_KEY);
      const body = bodyOf(version, used, ciphertext);
      return run(
        call,
        'unwrap with',
        (asking, loaded) => {
          const client = clientOf(version, loaded);
          return unwrapDataKey({ ...asking, client, version, context: bound }, body);
        },
        (late) => late.fill(0),
      );
    },
    describe: (call) => run(call, 'describe', (asking, loaded) => describeKey(asking, loaded, algorithm)),
    rotate: (call) => run(call, 'rotate', rotateKey),
    rotationStatus: (call) => run(call, 'read the rotation of', rotationStatus),
    scheduleRotation: (everyDays, call) =>
      run(call, 'schedule the rotation of', (asking, loaded) => scheduleRotation(asking, loaded, everyDays)),
  };
}

/** The key of `azure-kv://<vault host>[:port]/keys/<name>[/<version>]`. @throws KEY_URI_INVALID, INVALID_ARGUMENT */
export function azureKeyFromUri(uri: string, options: UriOptions = {}): AzureKey {
  checkOptions(options, URI_OPTIONS, 'A key of azure-kv:');
  const parts = { ...partsOf(uri), allowedHosts: options.allowedHosts };
  checkedName(parts, 'KEY_URI_INVALID');
  return createAzureKey({ ...options, ...parts });
}

function formerKey(uri: string, allowedHosts: readonly string[] | undefined): KeyName {
  return checkedName({ ...partsOf(uri), allowedHosts }, 'KEY_URI_INVALID');
}

/** What stands in the slot is anybody's: nothing of it leaves this machine before it has the form of a wrap. */
function bodyOf(version: string, algorithm: string, ciphertext: Uint8Array): Body {
  const body = isVersion(version) ? splitBlob(algorithm, ciphertext) : undefined;
  if (body === undefined) throw rejected(FOREIGN);
  return body;
}

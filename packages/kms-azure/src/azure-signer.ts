import type { CryptographyClient } from '@azure/keyvault-keys';
import { checkedDeadline, checkOptions, makeSigner, type Signer } from '@weightseal/core';
import { ask } from './ask.js';
import { type AzureKeyOptions, OPTIONS, URI_OPTIONS, type UriOptions } from './azure-key.js';
import { pinned } from './describe.js';
import { namedVersion, once, sdkClients } from './sdk-clients.js';
import { signDigest, signingKey } from './signing-calls.js';
import { checkedName, PROVIDER, partsOf } from './uri.js';

/** As for a key that wraps, but for what says how it wraps, and where it wrapped before. `version` signs, or else the one that is current at the first call. */
export type AzureSignerOptions = Omit<AzureKeyOptions, 'algorithm' | 'formerUris'>;
type SignerUriOptions = Omit<UriOptions, 'algorithm' | 'formerUris'>;

const { algorithm: _a, formerUris: _f, ...SIGNER_URI_OPTIONS } = URI_OPTIONS;
const { algorithm: _b, formerUris: _g, ...SIGNER_OPTIONS } = OPTIONS;

/**
 * A key in Azure Key Vault or Managed HSM that signs: ECDSA by P-256, P-384 or P-521, or RSA by PKCS#1 v1.5 with SHA-256. Only digests leave this machine. The version that
 * was found at the first call signs for as long as the signer is in use.
 *
 * @throws INVALID_ARGUMENT
 */
export function createAzureSigner(options: AzureSignerOptions): Signer {
  checkOptions(options, SIGNER_OPTIONS, 'A signer of Azure');
  const key = checkedName(options, 'INVALID_ARGUMENT');
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const { clients = once(() => sdkClients(key, options, deadlineMs)) } = options;
  const load = async () => (typeof clients === 'function' ? clients() : clients);
  let client: CryptographyClient | undefined;
  return makeSigner<string>({
    provider: PROVIDER,
    uri: key.uri,
    limits: (call, doing) => ({ signal: call?.signal, deadlineMs, doing: `${doing} ${key.uri}` }),
    async find(stop) {
      const { keys } = await load();
      const asking = { key, stop };
      const { answer } = await ask(asking, 'get', async (get) =>
        signingKey(await keys.getKey(key.name, { ...get, ...pinned(asking) }), key),
      );
      return answer;
    },
    async sign(version, toSign, stop) {
      const { cryptography } = await load();
      client ??= cryptography(namedVersion(key, version));
      return signDigest({ key, stop }, client, version, toSign);
    },
  });
}

/** The signer of `azure-kv://<vault host>[:port]/keys/<name>[/<version>]`. @throws KEY_URI_INVALID, INVALID_ARGUMENT */
export function azureSignerFromUri(uri: string, options: SignerUriOptions = {}): Signer {
  checkOptions(options, SIGNER_URI_OPTIONS, 'A signer of azure-kv:');
  const parts = { ...partsOf(uri), allowedHosts: options.allowedHosts };
  checkedName(parts, 'KEY_URI_INVALID');
  return createAzureSigner({ ...options, ...parts });
}

import { checkedDeadline, checkOptions, makeSigner, type Signer } from '@weightseal/core';
import { beginner, checkTls } from './begin.js';
import { checkedName, PROVIDER, partsOf } from './key-name.js';
import { findVersion, type SigningVersion, signDigest } from './signing-calls.js';
import { OPTIONS, URI_OPTIONS, type UriOptions, type VaultKeyOptions } from './vault-key.js';

/** As for a key that wraps, but for `formerUris`: a signature says nothing of where its key lies. */
export type VaultSignerOptions = Omit<VaultKeyOptions, 'formerUris'>;
type SignerUriOptions = Omit<UriOptions, 'formerUris'>;

const { formerUris: _of, ...SIGNER_URI_OPTIONS } = URI_OPTIONS;
const { formerUris: _in, ...SIGNER_OPTIONS } = OPTIONS;

/**
 * A key in the Transit engine of HashiCorp Vault or OpenBao that signs: ECDSA by P-256, P-384 or P-521, or RSA. Only digests leave this machine. The latest version, as
 * it was at the first call, signs for as long as the signer is in use.
 *
 * @throws INVALID_ARGUMENT
 */
export function createVaultSigner(options: VaultSignerOptions): Signer {
  checkOptions(options, SIGNER_OPTIONS, 'A signer of Vault');
  const { token, tls = {} } = options;
  checkTls(tls);
  const key = checkedName(options, 'INVALID_ARGUMENT');
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const begin = beginner(key, token, tls);
  const asking = (stop: AbortSignal) => begin(stop, performance.now() + deadlineMs);
  return makeSigner<SigningVersion>({
    provider: PROVIDER,
    uri: key.uri,
    limits: (call, doing) => ({ signal: call?.signal, deadlineMs, doing: `${doing} ${key.uri}` }),
    find: async (stop) => findVersion(await asking(stop)),
    sign: async (version, toSign, stop) => signDigest(await asking(stop), version, toSign),
  });
}

/**
 * The signer of `vault://<host>[:port]/<mount>/keys/<name>[?namespace=<namespace>][&tls=off]`.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function vaultSignerFromUri(uri: string, options: SignerUriOptions = {}): Signer {
  checkOptions(options, SIGNER_URI_OPTIONS, 'A signer of vault:');
  const parts = partsOf(uri);
  checkedName(parts, 'KEY_URI_INVALID');
  return createVaultSigner({ ...options, ...parts });
}

import { isStoreUri, type ReleaseJudge, type WeightsealError } from '@weightseal/core';
import type { TrustedSigner, TrustRule } from '@weightseal/release';
import type { Config } from './config.js';
import { untrustedFile } from './find.js';
import { from } from './kernel-path.js';
import { readTrustFile } from './pinned-files.js';
import { storeLocation } from './store-location.js';
import { sha256 } from './trust.js';
import { listOf, type SignerInput, type TrustRuleInput } from './trust-input.js';

export interface TrustJudgeOptions {
  /** Told of what a rule that only warns would have refused; a warning of the process unless told. */
  readonly onWarning?: ((error: WeightsealError) => void) | undefined;
}

/**
 * What judges releases as the configuration says (`trust`): open, load, rewrap and the like take it as their `trust`. Undefined where it says nothing of that.
 *
 * @throws SIGNING_KEY_UNFIT, CERTIFICATE_INVALID for a file that is no key or certificate, CONFIG_UNTRUSTED for one that is not what it was when the configuration was trusted, INPUT_NOT_FOUND, IO_ERROR, INVALID_ARGUMENT
 */
export async function trustJudge(
  config: Config,
  options: TrustJudgeOptions = {},
): Promise<ReleaseJudge | undefined> {
  const { trust } = config;
  if (!trust) return undefined;
  const { rules = [], others, state } = trust;
  const release = await import('@weightseal/release');
  const made = rules.map((rule) => ruleOf(rule, config, signerReader(config, release)));
  return release.createTrust(made, { ...options, others, state });
}

/**
 * Everybody whom the configuration names as a signer of some model, whichever that is: `verifyRelease` takes them, beside the judge, who knows of which. None where it says nothing of that.
 *
 * @throws SIGNING_KEY_UNFIT, CERTIFICATE_INVALID, CONFIG_UNTRUSTED, INPUT_NOT_FOUND, IO_ERROR, as `trustJudge`
 */
export async function trustedSigners(config: Config): Promise<TrustedSigner[]> {
  const named = (config.trust?.rules ?? []).flatMap(({ signers = [] }) => signers);
  if (named.length === 0) return [];
  return named.map(signerReader(config, await import('@weightseal/release')));
}

type ReadSigner = (signer: SignerInput) => TrustedSigner;

function ruleOf(
  { signers = [], channel, ...rule }: TrustRuleInput,
  config: Config,
  read: ReadSigner,
): TrustRule {
  const made = { ...rule, signers: signers.map(read) };
  if (channel === undefined) return made;
  const { at, signers: own }: { at: string; signers?: readonly SignerInput[] | undefined } =
    typeof channel === 'string' ? { at: channel } : channel;
  return {
    ...made,
    channel: {
      at: isStoreUri(at) ? () => storeLocation(config, at) : from(config.directory, at),
      signers: own?.map(read),
    },
  };
}

/** Reads the files by which somebody is known. */
function signerReader(
  config: Config,
  { certificatesFromPem, publicKeyFromPem }: typeof import('@weightseal/release'),
): ReadSigner {
  const textOf = (name: string) => Buffer.from(readPinned(config, name)).toString('latin1');
  return (signer) => {
    if ('key' in signer) return { key: publicKeyFromPem(textOf(signer.key), JSON.stringify(signer.key)) };
    if ('certificate' in signer) {
      const { roots, ...rest } = signer.certificate;
      const ders = listOf(roots).flatMap((name) => certificatesFromPem(textOf(name), JSON.stringify(name)));
      return { certificate: { ...rest, roots: ders } };
    }
    const { trustedRoot, ...rest } = signer.sigstore;
    if (trustedRoot === undefined) return { sigstore: rest };
    return { sigstore: { ...rest, trustedRoot: readPinned(config, trustedRoot) } };
  };
}

function readPinned({ path, directory, trustFiles }: Config, name: string): Uint8Array {
  const bytes = readTrustFile(name, directory);
  if (trustFiles !== undefined && trustFiles[name] !== sha256(bytes)) throw untrustedFile(path, name, 'by');
  return bytes;
}

import { isStoreUri, type ReleaseJudge, WeightsealError } from '@weightseal/core';
import type { TrustedSigner, TrustRule } from '@weightseal/release';
import type { Config } from './config.js';
import { untrustedFile } from './find.js';
import { from } from './kernel-path.js';
import { readTrustFile } from './pinned-files.js';
import { storeLocation } from './store-location.js';
import { sha256 } from './trust.js';
import { listOf, type SignerInput, type TrustRuleInput } from './trust-input.js';

export interface TrustJudgeOptions {
  /** Told of what a rule that only warns would have refused. */
  readonly onWarning?: ((error: WeightsealError) => void) | undefined;
}

/**
 * What judges releases as the configuration says (`trust`): open, load, rewrap and the like take it as their `trust`. Undefined where it says nothing of that.
 *
 * @throws CONFIG_INVALID for a file that is no key or certificate, CONFIG_UNTRUSTED for one that is not what it was when the configuration was trusted, INPUT_NOT_FOUND, IO_ERROR, INVALID_ARGUMENT
 */
export async function trustJudge(
  config: Config,
  options: TrustJudgeOptions = {},
): Promise<ReleaseJudge | undefined> {
  const { trust } = config;
  if (!trust) return undefined;
  const { rules = [], others, state } = trust;
  const read = (name: string): Uint8Array => readPinned(config, name);
  const made = rules.map((rule) => ruleOf(rule, config, read));
  const { createTrust } = await import('@weightseal/release');
  return createTrust(made, { ...options, others, state });
}

function readPinned({ path, directory, trustFiles }: Config, name: string): Uint8Array {
  const bytes = readTrustFile(name, directory);
  if (trustFiles !== undefined && trustFiles[name] !== sha256(bytes)) throw untrustedFile(path, name, 'by');
  return bytes;
}

type Read = (name: string) => Uint8Array;

function ruleOf({ signers = [], channel, ...rule }: TrustRuleInput, config: Config, read: Read): TrustRule {
  const made = {
    ...rule,
    signers: signers.map((signer) => signerOf(signer, config.directory, read)),
  };
  if (channel === undefined) return made;
  const { at, signers: own }: { at: string; signers?: readonly SignerInput[] | undefined } =
    typeof channel === 'string' ? { at: channel } : channel;
  return {
    ...made,
    channel: {
      at: isStoreUri(at) ? () => storeLocation(config, at) : from(config.directory, at),
      signers: own?.map((signer) => signerOf(signer, config.directory, read)),
    },
  };
}

function signerOf(signer: SignerInput, directory: string, read: Read): TrustedSigner {
  if ('key' in signer) return { key: publicKeyIn(read(signer.key), signer.key) };
  if ('certificate' in signer) {
    const { roots, ...rest } = signer.certificate;
    return {
      certificate: { ...rest, roots: listOf(roots).flatMap((name) => certificatesIn(read(name), name)) },
    };
  }
  const { trustedRoot, ...rest } = signer.sigstore;
  if (trustedRoot === undefined) return { sigstore: rest };
  read(trustedRoot);
  return { sigstore: { ...rest, trustedRoot: from(directory, trustedRoot) } };
}

const crypto: typeof import('node:crypto') = process.getBuiltinModule('node:crypto');

function publicKeyIn(bytes: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  // A private key would give its public one, and does not belong where everybody reads.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(text))
    throw invalid(name, 'is no public key in PEM, which begins with -----BEGIN PUBLIC KEY-----');
  try {
    return new Uint8Array(crypto.createPublicKey(text).export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw invalid(name, 'is no public key that this system knows', cause);
  }
}

function certificatesIn(bytes: Uint8Array, name: string): Uint8Array[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw invalid(name, 'has no certificate in PEM');
  try {
    return blocks.map((block) => new Uint8Array(new crypto.X509Certificate(block).raw));
  } catch (cause) {
    throw invalid(name, 'has a certificate that is none', cause);
  }
}

function invalid(name: string, what: string, cause?: unknown): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', `${JSON.stringify(name)}, which \`trust\` names, ${what}.`, {
    cause,
  });
}

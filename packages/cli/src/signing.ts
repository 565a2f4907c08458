import type { SignedBy, Signing, TrustedSigner } from '@weightseal/release';
import { fs } from './builtins.js';
import { usageError } from './cli-error.js';
import { configurationFor } from './configuration.js';
import { core } from './core.js';
import { accessOf } from './keys.js';
import { passphrasePrompt } from './passphrase-prompt.js';
import { quote } from './text.js';
import type { Args } from './types.js';

/** How to sign, as --signer, --certificate and --sigstore say. @throws CliError of class usage, SIGNING_KEY_UNFIT, CERTIFICATE_INVALID, and what keys throw */
export async function signingOf(args: Args, command: string): Promise<Signing> {
  const uri = args.one('signer');
  const chain = args.one('certificate');
  if (args.has('sigstore')) {
    if (uri !== undefined || chain !== undefined)
      throw usageError(`${command}: --sigstore signs without a key; leave --signer and --certificate out.`);
    return { sigstore: {} };
  }
  if (uri === undefined)
    throw usageError(
      `${command}: It needs --signer <key> (pem:FILE, or the URI of a key that signs), or --sigstore.`,
    );
  const { providers, allowKeyOfOthers } = await accessOf(args);
  const config = await configurationFor(args, [uri]);
  const { signerFromUri } = await import('@weightseal/keys');
  const options = { allowKeyOfOthers, prompt: passphrasePrompt({}), providers };
  const signer = await signerFromUri(config?.key(uri)?.uri ?? uri, options);
  if (chain === undefined) return { signer };
  const { certificatesFromPem } = await import('@weightseal/release');
  return { signer, certificates: certificatesFromPem(await textOf(chain), quote(chain)) };
}

/** Whose signature counts. @throws CliError of class usage, SIGNING_KEY_UNFIT, CERTIFICATE_INVALID */
export async function signersOf(args: Args, command: string): Promise<TrustedSigner[]> {
  const { certificatesFromPem, publicKeyFromPem } = await import('@weightseal/release');
  const [identity, issuer, trustedRoot] = [
    args.one('identity'),
    args.one('issuer'),
    args.one('trusted-root'),
  ];
  const signers: TrustedSigner[] = [];
  for (const file of args.many('public-key'))
    signers.push({ key: publicKeyFromPem(await textOf(file), quote(file)) });
  const roots: Uint8Array[] = [];
  for (const file of args.many('root')) roots.push(...certificatesFromPem(await textOf(file), quote(file)));
  if (roots.length > 0)
    signers.push({ certificate: { roots, identity: issuer === undefined ? identity : undefined } });
  if (issuer !== undefined) {
    if (identity === undefined)
      throw usageError(
        `${command}: --issuer says who told it, and --identity who it must have been; name both.`,
      );
    signers.push({ sigstore: { identity, issuer, trustedRoot } });
  } else if (trustedRoot !== undefined || (identity !== undefined && roots.length === 0))
    throw usageError(
      `${command}: ${trustedRoot === undefined ? '--identity needs --root or --issuer' : '--trusted-root needs --identity and --issuer'}.`,
    );
  if (signers.length > 0) return signers;
  throw usageError(
    `${command}: Whose signature is it to be? Name --public-key, --root, or --identity with --issuer.`,
  );
}

/** For people. */
export function shownSigner(signedBy: SignedBy): string {
  if (signedBy.kind === 'key') return `the key ${signedBy.fingerprint}`;
  if (signedBy.kind === 'sigstore') return `${quote(signedBy.identity)}, as ${quote(signedBy.issuer)} says`;
  const names = signedBy.identities.map(quote).join(', ') || quote(signedBy.subject);
  return `${names}, by the certificate ${signedBy.fingerprint}`;
}

async function textOf(path: string): Promise<string> {
  try {
    return await fs.promises.readFile(path, 'utf8');
  } catch (error) {
    const { ioError } = await core();
    throw ioError(error, `read ${path}`);
  }
}

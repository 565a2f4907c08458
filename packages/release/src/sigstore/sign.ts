import type { Bundle, IdentityProvider, Witness } from '@sigstore/sign';
import { checkOptions, isWeightsealError, untilAborted, WeightsealError } from '@weightseal/core';
import { parseBundle } from '../bundle/bundle.js';
import { PAYLOAD_TYPE } from '../statement/statement.js';
import { load } from './libraries.js';
import type { SigstoreSigning } from './types.js';

const OPTIONS = {
  identityToken: 'string or function',
  fulcioUrl: 'string',
  rekorUrl: 'string',
  rekorVersion: 'any',
  timestampUrl: 'string',
} as const;

/** @throws PROVIDER_MISSING, KEY_DENIED, KEY_UNAVAILABLE, ABORTED, INVALID_ARGUMENT */
export async function signBySigstore(
  payload: Uint8Array,
  how: SigstoreSigning,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { rekorVersion = 1, timestampUrl } = checkOptions(how, OPTIONS, 'Signing by Sigstore');
  if (rekorVersion !== 1 && rekorVersion !== 2)
    throw new WeightsealError('INVALID_ARGUMENT', 'rekorVersion is 1 or 2.');
  if (rekorVersion === 2 && timestampUrl === undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'A log of version 2 tells no time: name a timestampUrl, too.',
    );
  const { bundleToJSON } = await load(() => import('@sigstore/bundle'));
  const create = await builder(how, rekorVersion);
  let bundle: Bundle;
  try {
    bundle = await untilAborted(signal, () => create(payload));
  } catch (error) {
    throw isWeightsealError(error) ? error : signingError(error);
  }
  const bytes = Buffer.from(JSON.stringify(bundleToJSON(bundle)));
  parseBundle(bytes);
  return bytes;
}

async function builder(how: SigstoreSigning, majorApiVersion: number) {
  const { CIContextProvider, DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } = await load(
    () => import('@sigstore/sign'),
  );
  const { identityToken, fulcioUrl, rekorUrl, timestampUrl } = how;
  const identityProvider: IdentityProvider =
    identityToken === undefined
      ? new CIContextProvider('sigstore')
      : { getToken: async () => (typeof identityToken === 'string' ? identityToken : await identityToken()) };
  const signer = new FulcioSigner({
    identityProvider,
    ...(fulcioUrl !== undefined && { fulcioBaseURL: fulcioUrl }),
  });
  const log = new RekorWitness({
    entryType: 'dsse',
    majorApiVersion,
    ...(rekorUrl !== undefined && { rekorBaseURL: rekorUrl }),
  });
  const witnesses: Witness[] = [log];
  if (timestampUrl !== undefined) witnesses.push(new TSAWitness({ tsaBaseURL: timestampUrl }));
  const made = new DSSEBundleBuilder({ signer, witnesses });
  return (payload: Uint8Array) => made.create({ data: Buffer.from(payload), type: PAYLOAD_TYPE });
}

/** By what Sigstore's library throws. */
function signingError(cause: unknown): WeightsealError {
  const { code, cause: inner } = (cause ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  const status = (inner as { readonly statusCode?: unknown } | undefined)?.statusCode;
  if (String(code).startsWith('IDENTITY_TOKEN'))
    return new WeightsealError(
      'KEY_DENIED',
      'No identity provider has said who signs: no token of the environment (GitHub Actions with `id-token: write`, Buildkite, SIGSTORE_ID_TOKEN), or one that is none.',
      // The library's own message repeats the token, which is a secret; what it was thrown for does not.
      { cause: inner },
    );
  if (status === 400 || status === 401 || status === 403)
    return new WeightsealError(
      'KEY_DENIED',
      'Sigstore does not take the token of the identity provider, or what is to be signed. The cause says which service, and why.',
      { cause },
    );
  return new WeightsealError(
    'KEY_UNAVAILABLE',
    'Sigstore did not sign: its authority, log or time stamps cannot be reached, or refuse. Try again; the cause says which.',
    { cause },
  );
}

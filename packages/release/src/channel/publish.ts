import {
  changeDocument,
  checkOptions,
  openReleased,
  readManifest,
  type StoreLocation,
  WeightsealError,
} from '@weightseal/core';
import { type Signing, signStatement } from '../sign.js';
import type { TrustedSigner } from '../signers.js';
import { type Channel, channelInvalid, encodeChannel } from './channel.js';
import { channelFrom } from './make.js';
import { channelFile, liesIn } from './place.js';
import { MAX_CHANNEL_BYTES, readChannel, tooLong } from './read.js';

export interface PublishOptions {
  /** Where the channel is: as a rule of a policy has it. */
  readonly channel: string | StoreLocation;
  readonly signing: Signing;
  readonly expires: Date | string;
  /** For people; that of the manifest unless told. */
  readonly version?: string | undefined;
  /** Who may have signed the channel before: besides the key that signs now, whose own is always taken. */
  readonly earlier?: readonly TrustedSigner[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KINDS = {
  channel: 'any',
  signing: 'object',
  expires: 'any',
  version: 'string',
  earlier: 'list',
  signal: 'signal',
} as const;

/**
 * Says in the channel that a release is the current one: under the number after the one that it has. Nobody else's channel is replaced, and of two at once one is told.
 *
 * @param release a sealed file or bundle, which has a manifest
 * @returns what the channel says now
 * @throws MANIFEST_MISSING and what `readManifest` throws; what `readChannel` throws of the channel before; INPUT_CHANGED, OUTPUT_EXISTS where another one was first; what the signer and the places throw
 */
export async function publishChannel(
  release: string | StoreLocation,
  options: PublishOptions,
): Promise<Channel> {
  const {
    channel: at,
    signing,
    expires,
    version,
    earlier = [],
    signal,
  } = checkOptions(options, KINDS, 'A channel');
  const { manifest, digest } = await manifestOf(release, signal);
  const model = manifest.context['model'] ?? manifest.name;
  if (model === undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The release has no name, by which a channel would be known: give the context `model`, or the manifest a `name`, when it is sealed.',
    );
  const file = channelFile(at);
  if (liesIn(file, release))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The channel would lie in the bundle, which then has a file too many. Put it beside its releases.',
    );
  const signers = [...(await ownOf(signing, signal)), ...earlier];
  let written: Channel | undefined;
  const change = async (before: Uint8Array | undefined): Promise<Uint8Array> => {
    const old = before && (await readChannel(before, signers, { signal }));
    if (old && old.model !== model)
      throw channelInvalid(
        `it is of the model ${JSON.stringify(old.model)}, and this is ${JSON.stringify(model)}`,
      );
    const counter = (old?.counter ?? 0) + 1;
    const said = { model, manifestDigest: digest, version: version ?? manifest.version, counter, expires };
    written = channelFrom(said);
    return await signStatement(encodeChannel(written), signing, { signal });
  };
  await changeDocument(file, change, { mostBytes: MAX_CHANNEL_BYTES, tooLong, signal });
  return written!;
}

async function manifestOf(release: string | StoreLocation, signal: AbortSignal | undefined) {
  await using released = await openReleased(release, { signal });
  return await readManifest(released, { signal });
}

/** Whoever signs now may go on with what the same key has signed. By Sigstore it is the caller who knows who that is. */
async function ownOf(signing: Signing, signal: AbortSignal | undefined): Promise<readonly TrustedSigner[]> {
  if ('sigstore' in signing) return [];
  if (!('certificates' in signing)) return [{ key: await signing.signer.publicKey({ signal }) }];
  // A certificate that is named is one that is trusted.
  return [{ certificate: { roots: [signing.certificates[0]!] } }];
}

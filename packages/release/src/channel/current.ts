import { isWeightsealError, readDocument, type StoreLocation, WeightsealError } from '@weightseal/core';
import type { TrustedSigner } from '../signers.js';
import { channelInvalid } from './channel.js';
import { channelFile, channelIdentity, channelName } from './place.js';
import {
  MAX_CHANNEL_BYTES,
  type ReadChannel,
  type ReadChannelOptions,
  readChannel,
  tooLong,
} from './read.js';
import { remember } from './remember.js';

export interface Asked {
  readonly at: string | StoreLocation | (() => StoreLocation | Promise<StoreLocation>);
  readonly signers: readonly TrustedSigner[];
  readonly model: string;
  /** Of the manifest that is about to be opened. */
  readonly digest: string;
}

export interface Asking {
  readonly state: 'user' | 'none';
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The channel names this release, and is no older than one that was seen before. What is signed is remembered even if it is then refused: a higher number is news also where it has ended.
 *
 * @throws CHANNEL_MISSING, CHANNEL_INVALID, CHANNEL_ROLLED_BACK, CHANNEL_EXPIRED, RELEASE_NOT_CURRENT, what `verifyStatement` throws, IO_ERROR where nothing can be remembered, and what the place throws
 */
export async function checkCurrent({ at, ...asked }: Asked, asking: Asking): Promise<void> {
  if (typeof at !== 'function') return await checkAt(at, asked, asking);
  const place = await at();
  try {
    await checkAt(place, asked, asking);
  } finally {
    await place.store.close();
  }
}

async function checkAt(
  at: string | StoreLocation,
  { signers, model, digest }: Omit<Asked, 'at'>,
  { state, now, signal }: Asking,
): Promise<void> {
  const file = channelFile(at);
  const channel = await channelAt(at, signers, { signal });
  if (channel.model !== model)
    throw channelInvalid(
      `it is of the model ${JSON.stringify(channel.model)}, and this is ${model === '' ? 'one of no name' : JSON.stringify(model)}`,
    );
  if (state === 'user') await remember(channel, await channelIdentity(file), signal);
  // Also where a clock tells no time.
  if (!(now() < Date.parse(channel.expires)))
    throw new WeightsealError(
      'CHANNEL_EXPIRED',
      `The channel ${channelName(file)} counted until ${channel.expires}, and nobody has renewed it. Ask who releases the model; somebody may keep newer ones away. Check the clock of this machine, too.`,
    );
  if (channel.manifest !== digest) throw notCurrent(file, channel, digest);
}

/**
 * The channel that is there, once it is known who says so. Nothing is remembered of it.
 *
 * @param at as a rule of a policy has it
 * @throws CHANNEL_MISSING, CHANNEL_INVALID, what `verifyStatement` throws, and what the place throws
 */
export async function channelAt(
  at: string | StoreLocation,
  signers: readonly TrustedSigner[],
  options: ReadChannelOptions = {},
): Promise<ReadChannel> {
  return await readChannel(await channelBytes(at, options), signers, options);
}

/** @throws CHANNEL_MISSING, CHANNEL_INVALID, and what the place throws */
export async function channelBytes(
  at: string | StoreLocation,
  { signal }: ReadChannelOptions,
): Promise<Uint8Array> {
  const file = channelFile(at);
  const options = { mostBytes: MAX_CHANNEL_BYTES, tooLong, signal };
  const bytes = await readDocument(file, options).catch((error: unknown) => {
    if (isWeightsealError(error) && error.code === 'INVALID_ARGUMENT')
      throw channelInvalid(`${channelName(file)} is no regular file`, error);
    throw error;
  });
  if (bytes) return bytes;
  throw new WeightsealError(
    'CHANNEL_MISSING',
    `There is no channel at ${channelName(file)}, and without one nobody can tell which release is the current one. Get it from where the model is released.`,
  );
}

function notCurrent(
  file: string | StoreLocation,
  { manifest, version }: ReadChannel,
  digest: string,
): WeightsealError {
  const current = version === undefined ? manifest : `${JSON.stringify(version)} (${manifest})`;
  return new WeightsealError(
    'RELEASE_NOT_CURRENT',
    `The channel ${channelName(file)} names the release ${current}, and this is ${digest}. Get the one that it names; whoever can write to the storage may have put an old one back.`,
  );
}

import { checkOptions, WeightsealError } from '@weightseal/core';
import { type Signing, type SignStatementOptions, signStatement } from '../sign.js';
import { type Channel, channelProblem, encodeChannel } from './channel.js';

export interface ChannelInput {
  readonly model: string;
  /** SHA-256 of the manifest of the release, 64 lower-case hexadecimal digits. */
  readonly manifestDigest: string;
  readonly version?: string | undefined;
  /** Higher than that of the channel before. */
  readonly counter: number;
  /** Until when it counts: at least as long as it takes until there is another one. */
  readonly expires: Date | string;
  /** Now unless told. */
  readonly created?: Date | string | undefined;
}

const MEMBERS = ['model', 'manifestDigest', 'version', 'counter', 'expires', 'created'];

/**
 * Makes a channel, and signs it.
 *
 * @returns what a channel's file holds: a Sigstore bundle in JSON
 * @throws INVALID_ARGUMENT, and what `signStatement` throws
 */
export async function makeChannel(
  input: ChannelInput,
  signing: Signing,
  options: SignStatementOptions = {},
): Promise<Uint8Array> {
  return await signStatement(encodeChannel(channelFrom(input)), signing, options);
}

/** @throws INVALID_ARGUMENT */
export function channelFrom(input: ChannelInput): Channel {
  const known = checkOptions(input, MEMBERS, 'A channel');
  const { model, manifestDigest, version, counter, expires, created = new Date() } = known;
  const channel: Channel = {
    model,
    ...(version !== undefined && { version }),
    manifest: manifestDigest,
    counter,
    expires: textOf(expires),
    created: textOf(created),
  };
  const problem = channelProblem(channel);
  if (problem === undefined) return channel;
  throw new WeightsealError('INVALID_ARGUMENT', `The channel ${problem}.`);
}

function textOf(time: Date | string): string {
  return time instanceof Date && !Number.isNaN(time.getTime()) ? time.toISOString() : (time as string);
}

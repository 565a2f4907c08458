import type { StoreLocation } from '@weightseal/core';
import { parseBundle } from '../bundle/bundle.js';
import { parseAnyStatement } from '../statement/statement.js';
import { type Channel, channelOf } from './channel.js';
import { channelBytes } from './current.js';
import { ofChannel, type ReadChannelOptions } from './read.js';

/**
 * What a channel says, whoever says it: nobody's signature is verified, and nothing may be made of it but what a person reads. `channelAt` verifies it.
 *
 * @param at as a rule of a policy has it
 * @throws CHANNEL_MISSING, CHANNEL_INVALID, and what the place throws
 */
export async function inspectChannel(
  at: string | StoreLocation,
  options: ReadChannelOptions = {},
): Promise<Channel> {
  const bytes = await channelBytes(at, options);
  try {
    return channelOf(parseAnyStatement(parseBundle(bytes).payload));
  } catch (error) {
    throw ofChannel(error);
  }
}

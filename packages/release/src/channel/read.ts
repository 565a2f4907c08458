import { createHash } from 'node:crypto';
import { isWeightsealError, WeightsealError } from '@weightseal/core';
import type { SignedBy, TrustedSigner } from '../signers.js';
import { verifyStatement } from '../verify.js';
import { CHANNEL_PREDICATE, type Channel, channelInvalid, channelOf } from './channel.js';

/** The most bytes that a channel's file may have: certificates, and the proofs of a log. */
export const MAX_CHANNEL_BYTES = 1_048_576;

/** A channel of somebody who is trusted. */
export interface ReadChannel extends Channel {
  readonly signedBy: SignedBy;
  /** SHA-256 of what was signed, in hexadecimal. */
  readonly digest: string;
}

export interface ReadChannelOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a channel says, once it is known who does. Whether it still counts is the caller's to compare, by its counter and `expires`.
 *
 * @throws CHANNEL_INVALID, and what `verifyStatement` throws
 */
export async function readChannel(
  bytes: Uint8Array,
  signers: readonly TrustedSigner[],
  { signal }: ReadChannelOptions = {},
): Promise<ReadChannel> {
  if (bytes.length > MAX_CHANNEL_BYTES) throw tooLong();
  const options = { predicateType: CHANNEL_PREDICATE, signal };
  const { statement, signedBy, payload } = await verifyStatement(bytes, signers, options).catch(ofChannel);
  const digest = createHash('sha256').update(payload).digest('hex');
  return { ...channelOf(statement), signedBy, digest };
}

export function tooLong(): WeightsealError {
  return channelInvalid(`it has more than ${MAX_CHANNEL_BYTES} bytes`);
}

/** What is said of a signature is said of this one. */
export function ofChannel(error: unknown): never {
  if (!isWeightsealError(error)) throw error;
  const { code, message, failures } = error;
  if (code === 'SIGNATURE_INVALID') throw channelInvalid(message.replace(/\. .*$/s, ''), error);
  if (error.class !== 'trust') throw error;
  throw new WeightsealError(code, `Of the channel: ${message}`, { cause: error, failures });
}

import { createHash } from 'node:crypto';
import { changeOwnRecord, WeightsealError } from '@weightseal/core';
import type { ReadChannel } from './read.js';

// The highest counter that was seen of a channel, in the user's state directory. The first one that is seen is believed: there is nothing to compare it with.

const KIND = 'channels';

interface Seen {
  readonly model: string;
  readonly place: string;
  readonly counter: number;
  /** SHA-256 of what was signed. */
  readonly digest: string;
}

/**
 * Remembers the channel, unless an earlier one says more. The record only grows, whatever processes do at once.
 *
 * @param place as `channelIdentity` has it
 * @throws CHANNEL_ROLLED_BACK; IO_ERROR where nothing can be remembered; NO_SPACE, ABORTED
 */
export async function remember(
  channel: Pick<ReadChannel, 'model' | 'counter' | 'digest'>,
  place: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { model, counter, digest } = channel;
  const name = createHash('sha256')
    .update(JSON.stringify([model, place]))
    .digest('hex');
  const change = (before: Uint8Array | undefined): Uint8Array | undefined => {
    if (before) {
      const seen = seenIn(before, model, place);
      if (!seen) throw unreadable(name);
      if (counter < seen.counter || (counter === seen.counter && digest !== seen.digest))
        throw rolledBack(place, counter, seen.counter);
      if (counter === seen.counter) return undefined;
    }
    return Buffer.from(`${JSON.stringify({ model, place, counter, digest } satisfies Seen)}\n`);
  };
  if (await changeOwnRecord({ kind: KIND, name }, change, { signal })) return;
  throw new WeightsealError(
    'IO_ERROR',
    'The highest number of a channel cannot be kept here, so that an old one would not be noticed: there is no state directory that is yours alone. Set HOME or XDG_STATE_HOME to a directory that only you can write to; or choose `state: none` in `trust`.',
  );
}

function seenIn(bytes: Uint8Array, model: string, place: string): Seen | undefined {
  try {
    const seen = JSON.parse(Buffer.from(bytes).toString()) as Partial<Seen>;
    const isOf = seen.model === model && seen.place === place && typeof seen.digest === 'string';
    return isOf && Number.isSafeInteger(seen.counter) ? (seen as Seen) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(name: string): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    `What was remembered of the channel cannot be read (${KIND}/${name} in the state directory). Look at it; once it is removed, the next channel is believed without one to compare it with.`,
  );
}

function rolledBack(place: string, counter: number, seen: number): WeightsealError {
  const what =
    counter < seen
      ? `has the number ${counter}, and ${seen} was seen here before`
      : `says something else than it did under the same number, ${counter}`;
  return new WeightsealError(
    'CHANNEL_ROLLED_BACK',
    `The channel ${place} ${what}. Get the current one; somebody may have put an old one back.`,
  );
}

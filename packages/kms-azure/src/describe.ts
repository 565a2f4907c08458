import { isWeightsealError, type KeyDescription } from '@weightseal/core';
import { type Ask, answeredVersion, ask } from './ask.js';
import type { AzureAlgorithm } from './blob.js';
import { algorithmOf, protectionOf, stateOf } from './key-facts.js';
import type { AzureClients } from './sdk-clients.js';

/** @throws KEY_NOT_FOUND when there is no such key, nor a deleted one that this identity may see */
export async function describeKey(
  asking: Ask,
  { keys }: AzureClients,
  wanted: AzureAlgorithm | undefined,
): Promise<KeyDescription> {
  const { key } = asking;
  try {
    const { answer } = await ask(asking, 'get', async (options) => {
      const found = await keys.getKey(key.name, { ...options, ...pinned(asking) });
      return {
        uri: key.uri,
        primaryVersion: answeredVersion(found.id, key, key.version),
        algorithm: algorithmOf(found, key, wanted),
        state: stateOf(found, Date.now()),
        protection: protectionOf(found),
      };
    });
    return answer;
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    if (error.code === 'KEY_NOT_FOUND') return deletedKey(asking, { keys }, error);
    if (error.code !== 'KEY_DISABLED') throw error;
    // Some versions of the service tell nothing else of a disabled key.
    const algorithm = wanted ?? 'unknown';
    const primaryVersion = key.version ?? '';
    return { uri: key.uri, primaryVersion, algorithm, state: 'disabled', protection: 'unknown' };
  }
}

/** A key that was deleted and not purged: it can be recovered. Who may not look at deleted keys hears that there is none. */
async function deletedKey(
  asking: Ask,
  { keys }: Pick<AzureClients, 'keys'>,
  notFound: Error,
): Promise<KeyDescription> {
  const { key } = asking;
  try {
    const { answer } = await ask(asking, 'get', (options) => keys.getDeletedKey(key.name, options));
    return {
      uri: key.uri,
      primaryVersion: answeredVersion(answer.id, key),
      algorithm: algorithmOf(answer, key),
      state: 'pending-deletion',
      protection: protectionOf(answer),
    };
  } catch {
    if (asking.stop.aborted) throw asking.stop.reason;
    throw notFound;
  }
}

/** `exactOptionalPropertyTypes`: the SDK takes no undefined. */
export function pinned({ key }: Ask): { version?: string } {
  return key.version === undefined ? {} : { version: key.version };
}

import { isWeightsealError, throwIfAborted } from '@weightseal/core';
import type { Ask } from './ask.js';
import { membersOf } from './members.js';

/** Why nothing is known. */
export interface Unread {
  readonly unread: string;
}

/**
 * An object that a request gave, or why there is none.
 *
 * @param isIt whether it is what was asked for: a proxy has answers of its own
 * @throws ABORTED
 */
export async function read(
  ask: Ask,
  path: string,
  permission: string,
  isIt: (body: Readonly<Record<string, unknown>>) => boolean,
  signal: AbortSignal | undefined,
): Promise<{ readonly body: Readonly<Record<string, unknown>> } | Unread> {
  try {
    const { status, body } = await ask(path, { signal });
    const members = membersOf(body);
    if (status === 200 && members && isIt(members)) return { body: members };
    if (status === 401 || status === 403)
      return { unread: `It may not be read (status ${status}): grant ${permission}, and audit again.` };
    if (status === 404)
      return { unread: 'It does not exist, or may not be seen (status 404): check its name.' };
    return {
      unread: `The answer has status ${status}, and is not what was asked for: check the endpoint, and audit again.`,
    };
  } catch (error) {
    throwIfAborted(signal);
    return { unread: isWeightsealError(error) ? error.message : 'It could not be asked.' };
  }
}

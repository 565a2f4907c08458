import { WeightsealError } from '@weightseal/core';
import type { Ask, Send } from '../gcs/ask.js';
import { read } from '../gcs/read.js';
import type { Read } from './pieces.js';
import type { Json } from './types.js';

// What Google and Azure have in common: JSON over HTTP, with a token.

type Members = Readonly<Record<string, Json>>;

export const asking =
  (send: Send): Ask =>
  (path, call) =>
    send('GET', path, undefined, call);

/** @throws ABORTED */
export async function readBody(
  ask: Ask,
  path: string,
  permission: string,
  isIt: (body: Readonly<Record<string, unknown>>) => boolean,
  signal?: AbortSignal,
): Promise<Read<Members>> {
  const found = await read(ask, path, permission, isIt, signal);
  return 'unread' in found ? found : { value: found.body as Members };
}

/** @throws STORE_DENIED: nothing is changed that cannot be read */
export function known<T>(read: Read<T>): T {
  if ('value' in read) return read.value;
  throw new WeightsealError('STORE_DENIED', read.unread);
}

/** A request that changes something. @throws STORE_CHANGED where its condition does not hold any more, STORE_DENIED, STORE_UNAVAILABLE, STORE_RESPONSE_INVALID, and what `send` throws */
export async function sendChange(
  send: Send,
  method: 'PATCH' | 'PUT',
  path: string,
  body: unknown,
  permission: string,
  signal?: AbortSignal,
): Promise<void> {
  const { status } = await send(method, path, body, { signal });
  if (status >= 200 && status < 300) return;
  if (status === 412 || status === 409)
    throw new WeightsealError(
      'STORE_CHANGED',
      'It is not any more what was read just before, or is being changed: nothing of it was written. Make the plan anew.',
    );
  if (status === 401 || status === 403)
    throw new WeightsealError(
      'STORE_DENIED',
      `It may not be changed (status ${status}): grant ${permission}, or look whether a policy of the organisation forbids it.`,
    );
  if (status === 429 || status >= 500)
    throw new WeightsealError('STORE_UNAVAILABLE', `The service failed (status ${status}). Try again later.`);
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The change was refused (status ${status}): the service does not take it for this place, or the endpoint is another one.`,
  );
}

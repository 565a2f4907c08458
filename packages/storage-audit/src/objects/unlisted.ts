import { eachListed, inOrder, isWeightsealError, type StoreLocation, uriOf } from '@weightseal/core';
import { found, isEnd, toldOf } from './found.js';
import type { Place } from './place.js';
import { lookAtPlain } from './plain.js';
import { isSampled } from './sample.js';
import type { AuditedObject } from './types.js';

const AT_ONCE = 16;
/** Of so many the first bytes are read: whoever makes a million of them has one finding. */
const MOST_LOOKED_AT = 1000;
const HIDDEN = 'Its key has an empty name in it, so that no command of weightseal finds it. Move it.';

interface Odd {
  readonly path: string;
  readonly size: number;
  readonly looked: boolean;
}

/** Objects whose keys have an empty name in them, by a listing of their own: the one of all else has no place for them. */
export async function* lookAtUnlisted(
  place: Place,
  location: StoreLocation,
  share: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<AuditedObject, void, undefined> {
  try {
    for await (const one of inOrder(odd(location, share, signal), AT_ONCE, (each) =>
      look(place, each, signal),
    ))
      if (one) yield one;
  } catch (error) {
    if (isEnd(error)) throw error;
    // Then the other listing has thrown it, or what lies there is one object.
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return;
    const evidence = `Whether keys with empty names lie there could not be listed. ${toldOf(error)}`;
    yield { kind: 'other', path: '', findings: [found('names', uriOf(location), 'unread', evidence)] };
  }
}

async function* odd(
  location: StoreLocation,
  share: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Odd, void, undefined> {
  const from = location.key === '' ? 0 : location.key.length + 1;
  let count = 0;
  for await (const one of eachListed(location, { oneLevel: false }, signal)) {
    if ('prefix' in one) continue;
    const path = one.key.slice(from);
    // What consoles make where somebody asks for a folder is empty.
    const isFolder = one.size === 0 && path.endsWith('/');
    if (!path.split('/').includes('') || isFolder || !isSampled(path, share)) continue;
    yield { path, size: one.size, looked: ++count <= MOST_LOOKED_AT };
  }
}

async function look(
  place: Place,
  { path, size, looked }: Odd,
  signal: AbortSignal | undefined,
): Promise<AuditedObject | undefined> {
  const resource = place.nameOf(path);
  const hidden = found('names', resource, 'failed', HIDDEN);
  if (!looked) {
    const evidence = `Whether it is a model was not looked at: more than ${MOST_LOOKED_AT} have such keys.`;
    return { kind: 'other', path, size, findings: [hidden, found('plain', resource, 'unread', evidence)] };
  }
  const seen = await lookAtPlain(place, { kind: 'other', path, sealedSize: size }, signal);
  return seen && { path, size, ...seen, findings: [hidden, ...seen.findings] };
}

import { setTimeout as delay } from 'node:timers/promises';
import { ObjectSource, type StoreLocation } from '@weightseal/core';
import { Refusal } from './refusal.ts';
import { isVersion } from './settings.ts';

/** What the pointer says: a version, and what its store calls that state of it. */
export interface Pointed {
  readonly version: string;
  readonly written: string;
}

/**
 * The version that a small object names, as text. It is not sealed: whoever can write it chooses among the versions that were sealed for this model, and nothing else, since the
 * context of what it names is compared.
 */
export async function readPointer(place: StoreLocation, signal: AbortSignal): Promise<Pointed> {
  const object = await ObjectSource.open(place, { signal });
  try {
    const text =
      object.size > 100
        ? ''
        : Buffer.from(await object.read(0, object.size))
            .toString()
            .trim();
    if (!isVersion(text)) throw new Refusal(422, 'POINTER_INVALID');
    return { version: text, written: object.object.version };
  } finally {
    await object.close();
  }
}

/**
 * Looks at it again and again, and gives each state of it to `take`, until that says that it is done with it.
 *
 * @param done what was taken already
 */
export async function follow(
  { place, everyMs }: { readonly place: StoreLocation; readonly everyMs: number },
  done: Pointed,
  take: (next: Pointed) => Promise<boolean>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  let { written } = done;
  while (!signal.aborted) {
    try {
      await delay(everyMs, undefined, { signal });
      const next = await readPointer(place, signal);
      if (next.written !== written && (await take(next))) written = next.written;
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
  }
}

import { inspect, isWeightsealError, openReleased, type Recipient, type StoredEntry } from '@weightseal/core';
import type { Finding } from '../types.js';
import { codeOf, found, isEnd, isGone, toldOf } from './found.js';
import { lookInside } from './inside.js';
import type { Place } from './place.js';
import { lookAtRelease } from './released.js';
import type { AuditedObject, ObjectAuditOptions } from './types.js';

type Told = Pick<AuditedObject, 'recipients' | 'findings'>;

/** What of a sealed file or bundle shows without a key: who can open it, and who has released it. Undefined where it is gone. */
export async function lookAtSealed(
  place: Place,
  entry: StoredEntry,
  options: ObjectAuditOptions,
): Promise<Told | undefined> {
  const { kind, path } = entry;
  const { signal, keys } = options;
  const at = place.at(path);
  const resource = place.nameOf(path);
  try {
    // Of a bundle the table is not read, which may be long, and of its members no bytes.
    await using release = await openReleased(at, { signal });
    if (release.payload) await inspect(release.payload.source, { signal });
    const { recipients } = release;
    const findings = [
      ...foreign(resource, recipients, keys),
      ...(await lookAtRelease(release, entry, place, options)),
    ];
    return { recipients, findings };
  } catch (error) {
    if (kind === 'sealed' && isGone(error)) return undefined;
    if (isEnd(error)) throw error;
    const inside = kind === 'bundle' ? await lookInside(place, path, HEADLESS, signal) : [];
    if (!inside) return undefined;
    const isSaid = isWeightsealError(error) && ['format', 'integrity'].includes(error.class);
    const outcome = isSaid && codeOf(error) !== 'UNSUPPORTED_VERSION' ? 'failed' : 'unread';
    const sound = found('sound', resource, outcome, `Its head could not be read. ${toldOf(error)}`);
    return { findings: [sound, ...inside] };
  }
}

const HEADLESS =
  'Its head could not be read, so that nobody can tell what in it is its own; each file in it was looked at by itself.';

function foreign(
  resource: string,
  recipients: readonly Recipient[],
  keys: readonly string[] | undefined,
): Finding[] {
  const others = keys ? recipients.filter(({ keyUri }) => !keys.includes(keyUri)) : [];
  if (others.length === 0) return [];
  const names = others.map(({ keyUri, keyVersion }) => `${keyUri} (version ${keyVersion})`).join(', ');
  return [found('keys', resource, 'failed', `It can be opened with keys that are not expected: ${names}.`)];
}

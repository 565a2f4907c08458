import {
  inspect,
  isWeightsealError,
  MANIFEST_NAME,
  openReleased,
  type Recipient,
  type ReleasePlace,
  SIGNATURE_NAME,
  type StoredEntry,
} from '@weightseal/core';
import type { Finding } from '../types.js';
import { found, isEnd, isGone, toldOf } from './found.js';
import type { Place } from './place.js';
import type { AuditedObject, ObjectAuditOptions } from './types.js';

type Told = Pick<AuditedObject, 'recipients' | 'findings'>;
type At = ReturnType<Place['at']>;

/** What of a sealed file or bundle shows without a key: who can open it, and who has released it. Undefined where it is gone. */
export async function lookAtSealed(
  place: Place,
  { kind, path }: StoredEntry,
  options: ObjectAuditOptions,
): Promise<Told | undefined> {
  const { signal, keys } = options;
  const at = place.at(path);
  const resource = place.nameOf(path);
  try {
    // Of a bundle neither the table is read, which may be long, nor what else lies in it.
    await using release = await openReleased(at, { signal });
    if (release.payload) await inspect(release.payload.source, { signal });
    const { recipients } = release;
    const findings = [
      ...foreign(resource, recipients, keys),
      ...(await released(release, at, resource, options)),
    ];
    return { recipients, findings };
  } catch (error) {
    if (isGone(error) || (kind === 'bundle' && codeOf(error) === 'NOT_SEALED')) return undefined;
    if (isEnd(error)) throw error;
    const isSaid = isWeightsealError(error) && ['format', 'integrity'].includes(error.class);
    const outcome = isSaid && codeOf(error) !== 'UNSUPPORTED_VERSION' ? 'failed' : 'unread';
    return { findings: [found('sound', resource, outcome, `Its head could not be read. ${toldOf(error)}`)] };
  }
}

function codeOf(error: unknown): string | undefined {
  return isWeightsealError(error) ? error.code : undefined;
}

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

/** Who has released it: what its head shows has been read by now. */
async function released(
  release: ReleasePlace,
  at: At,
  resource: string,
  { verify, signal }: ObjectAuditOptions,
): Promise<Finding[]> {
  try {
    if (!(await isThere(release, MANIFEST_NAME, signal)))
      return [found('manifest', resource, 'failed', 'It has no manifest, so nobody has signed it.')];
    if (!(await isThere(release, SIGNATURE_NAME, signal)))
      return [found('signature', resource, 'failed', 'Its manifest has no signature.')];
    const unverified = 'It has a signature, which nobody has verified: say who may sign.';
    if (!verify) return [found('signature', resource, 'unread', unverified)];
    await verify(at, { signal });
    return [];
  } catch (error) {
    if (isGone(error) || isEnd(error)) throw error;
    const isRefused = isWeightsealError(error) && error.class === 'trust';
    const check = isRefused && error.code.startsWith('MANIFEST_') ? 'manifest' : 'signature';
    return [found(check, resource, isRefused ? 'failed' : 'unread', toldOf(error))];
  }
}

/** Without reading it: the manifest of a large bundle has many bytes, and one is asked for. */
async function isThere(
  release: ReleasePlace,
  name: typeof MANIFEST_NAME | typeof SIGNATURE_NAME,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return (await release.read(name, 1, signal)) !== undefined;
  } catch (error) {
    // It has more.
    if (isWeightsealError(error) && /^(?:MANIFEST|SIGNATURE)_INVALID$/.test(error.code)) return true;
    throw error;
  }
}

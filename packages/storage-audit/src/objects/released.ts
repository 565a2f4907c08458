import {
  isWeightsealError,
  MANIFEST_NAME,
  type Manifest,
  type Released,
  readManifest,
  SIGNATURE_NAME,
  type StoredEntry,
} from '@weightseal/core';
import type { Finding } from '../types.js';
import { codeOf, found, isEnd, isGone, toldOf } from './found.js';
import { lookInside } from './inside.js';
import { lookAtOwn } from './own.js';
import type { Place } from './place.js';
import { lookAtStrangers } from './strangers.js';
import type { ObjectAuditOptions } from './types.js';

const UNNAMED =
  'Without its manifest nobody can tell what in it is its own; each file in it was looked at by itself.';
const UNKNOWN = 'what in it is its own, so that plain weights may lie there; nothing of it was looked at.';

/** Who has released it, and what else lies in it: what its head shows has been read by now. */
export async function lookAtRelease(
  release: Released,
  { path }: Pick<StoredEntry, 'path'>,
  place: Place,
  { verify, signal }: ObjectAuditOptions,
): Promise<Finding[]> {
  const resource = place.nameOf(path);
  const isBundle = release.kind === 'bundle';
  let manifest: Pick<Manifest, 'files'> | undefined;
  try {
    if (isBundle) ({ manifest } = await readManifest(release, { signal }));
    else if (!(await isThere(release, MANIFEST_NAME, signal))) return unsigned(resource);
  } catch (error) {
    if (isGone(error) || isEnd(error)) throw error;
    const isMissing = codeOf(error) === 'MANIFEST_MISSING';
    return [
      ...(isMissing ? unsigned(resource) : refused(resource, error, true)),
      ...((isBundle && (await lookInside(place, path, UNNAMED, signal))) || []),
    ];
  }
  const ofSignature = await signed(release, place.at(path), resource, { verify, signal });
  if (!manifest) return ofSignature;
  // What a manifest calls the bundle's own is so once somebody who may has signed it.
  const isVerified = verify !== undefined && ofSignature.length === 0;
  const known = { manifest, isVerified };
  return [...(await besides(release, path, place, known, signal)), ...ofSignature];
}

async function besides(
  release: Released,
  path: string,
  place: Place,
  { manifest, isVerified }: { readonly manifest: Pick<Manifest, 'files'>; readonly isVerified: boolean },
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const resource = place.nameOf(path);
  try {
    const there = await release.files?.(signal);
    if (there)
      return [
        ...(await lookAtStrangers(place, path, manifest, there, signal)),
        ...(await lookAtOwn(place, path, { files: manifest.files, isVerified }, there, signal)),
      ];
    return [unlooked(resource, `The store does not say ${UNKNOWN}`)];
  } catch (error) {
    if (isEnd(error)) throw error;
    return [unlooked(resource, `What lies in it could not be listed. ${toldOf(error)}`)];
  }
}

function unlooked(resource: string, why: string): Finding {
  return found('plain', resource, 'unread', why);
}

const MISSING = 'It has no manifest.';

/** Whoever removes a manifest with its signature must not make less of it than whoever removes the signature alone. */
function unsigned(resource: string): Finding[] {
  return [
    found('manifest', resource, 'failed', MISSING),
    found('signature', resource, 'failed', `${MISSING} So nobody has signed it.`),
  ];
}

/** @param ofManifest whether it came of the manifest itself, which is then as unknown as who has signed it */
function refused(resource: string, error: unknown, ofManifest: boolean): Finding[] {
  const isRefused = isWeightsealError(error) && ['trust', 'integrity'].includes(error.class);
  const outcome = isRefused ? 'failed' : 'unread';
  const checks = ofManifest ? (['manifest', 'signature'] as const) : (['signature'] as const);
  return checks.map((check) => found(check, resource, outcome, toldOf(error)));
}

async function signed(
  release: Released,
  at: ReturnType<Place['at']>,
  resource: string,
  { verify, signal }: Pick<ObjectAuditOptions, 'verify' | 'signal'>,
): Promise<Finding[]> {
  try {
    if (!(await isThere(release, SIGNATURE_NAME, signal)))
      return [found('signature', resource, 'failed', 'Its manifest has no signature.')];
    const unverified = 'It has a signature, which nobody has verified: say who may sign.';
    if (!verify) return [found('signature', resource, 'unread', unverified)];
  } catch (error) {
    if (isGone(error) || isEnd(error)) throw error;
    return refused(resource, error, false);
  }
  try {
    await verify(at, { signal });
    return [];
  } catch (error) {
    // What is not there may be the keys of who may sign: that says nothing of the object.
    if (isEnd(error)) throw error;
    return refused(resource, error, codeOf(error)?.startsWith('MANIFEST_') === true);
  }
}

/** Without reading it: one byte is asked for. */
async function isThere(
  release: Released,
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

import { pathProblem, WeightsealError } from '@weightseal/core';
import { located } from './located.js';
import type { PullFrom, PullOptions } from './types.js';

const FORMAT = 'weightseal index v1';
const MOST_BYTES = 67_108_864;

/** A release that a server has for whoever asks. */
export interface ListedRelease {
  /** From the server's root; empty for one that is all of it. */
  readonly path: string;
  readonly kind: 'file' | 'bundle';
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of its manifest, in hexadecimal. */
  readonly manifestSha256?: string | undefined;
  /** Bytes. */
  readonly sealedSize?: number | undefined;
}

/**
 * What a `weightseal serve` has for this client, at a place and below it. Nothing of it is signed: what is pulled is judged then.
 *
 * @throws STORE_RESPONSE_INVALID for a server that has no such index, ABORTED, INVALID_ARGUMENT, and the codes of class `store`
 */
export async function listReleases(
  from: PullFrom,
  { stores, signal }: Pick<PullOptions, 'stores' | 'signal'> = {},
): Promise<readonly ListedRelease[]> {
  const { place, opened } = await located(from, stores);
  try {
    const { readWhole } = await import('@weightseal/store-http');
    const bytes = await readWhole(place.store, '', MOST_BYTES, signal ?? new AbortController().signal);
    const { key } = place;
    return parsed(bytes, place.store.uri).filter(
      ({ path }) => key === '' || path === key || path.startsWith(`${key}/`),
    );
  } finally {
    if (opened) await place.store.close();
  }
}

function parsed(bytes: Uint8Array, uri: string): ListedRelease[] {
  let found: unknown;
  try {
    found = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    found = undefined;
  }
  const { format, releases } = (found ?? {}) as { readonly format?: unknown; readonly releases?: unknown };
  if (format !== FORMAT || !Array.isArray(releases))
    throw new WeightsealError(
      'STORE_RESPONSE_INVALID',
      `${uri} has no index of releases, as \`weightseal serve\` has; name what is to be pulled.`,
    );
  // What a later version tells besides is for those who know of it.
  return releases.filter(isRelease).map(({ path, kind, model, version, manifestSha256, sealedSize }) => ({
    path,
    kind,
    model,
    version,
    manifestSha256,
    sealedSize,
  }));
}

function isRelease(one: unknown): one is ListedRelease {
  const { path, kind, model, version, manifestSha256, sealedSize } = (one ?? {}) as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  return (
    typeof path === 'string' &&
    // The server's root may be a release itself.
    (path === '' || pathProblem(path) === undefined) &&
    (kind === 'file' || kind === 'bundle') &&
    [model, version, manifestSha256].every(isText) &&
    (sealedSize === undefined || (Number.isSafeInteger(sealedSize) && Number(sealedSize) >= 0))
  );
}

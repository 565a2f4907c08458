import { rm } from 'node:fs/promises';
import {
  checkPath,
  copyChecked,
  ioError,
  SIGNATURE_NAME,
  type StoreLocation,
  throwIfAborted,
} from '@weightseal/core';
import { checksOf } from './checks.js';
import { firstJudged } from './first-judged.js';
import { located } from './located.js';
import { Mirror } from './mirror.js';
import { MirroredStore } from './mirrored.js';
import { checkPull, placesOf } from './options.js';
import { pinsOf } from './pins.js';
import { localFiles } from './previous.js';
import type { JudgedRelease } from './released.js';
import { checkModel, whatIsAt, withNewer } from './there.js';
import type { Pulled, PullFrom, PullOptions } from './types.js';

/**
 * Fetches a release to this machine: a sealed file with its manifest and signature, or a bundle. First comes what says what it is, and is judged; then the files, of which each is hashed while it comes, and
 * compared with what was signed. Nothing has its name before all of it is there and is that. What was cut off goes on; nothing is opened, and no key is needed.
 *
 * @param from one place, or several mirrors: what fails at one, or is something else there, comes from the next
 * @param to the path that it gets
 * @throws CONTEXT_MISMATCH, MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, SIGNATURE_MISSING and what else the signature or the policy is refused for; MEMBER_TAMPERED for what no mirror has as it was released;
 *   OUTPUT_EXISTS, INPUT_NOT_FOUND, INPUT_CHANGED, NO_SPACE, IO_ERROR, ABORTED, INVALID_ARGUMENT, and the codes of class `store`
 */
export async function pull(
  from: PullFrom | readonly PullFrom[],
  to: string | URL,
  options: PullOptions,
): Promise<Pulled> {
  const { stores, signal } = checkPull(options);
  const target = checkPath(to, 'Where to pull to');
  const opened: StoreLocation[] = [];
  try {
    const mirrors: Mirror[] = [];
    for (const one of placesOf(from)) {
      const found = await located(one, stores);
      if (found.opened) opened.push(found.place);
      mirrors.push(new Mirror(found.place));
    }
    throwIfAborted(signal);
    return await pullFrom(mirrors, target, options);
  } finally {
    for (const { store } of opened) await store.close();
  }
}

async function pullFrom(mirrors: readonly Mirror[], target: string, options: PullOptions): Promise<Pulled> {
  const { overwrite = false, previous, signal, onProgress, onGivenUp } = options;
  const { first, release: served } = await firstJudged(mirrors, options);
  const { manifest, kind, digest, signedBy } = served;
  const there = await whatIsAt(target, signal);
  if (there && overwrite) checkModel(there, served, target, options);
  const release = await withNewer(served, there, target);
  const { place } = first;
  await using store = new MirroredStore({
    release,
    mirrors: [first, ...mirrors.filter((one) => one !== first)],
    pins: pinsOf(release, place),
    onGivenUp: ({ uri }, error) => onGivenUp?.(uri, error),
  });
  const named =
    previous === undefined || previous === false ? undefined : checkPath(previous, 'The older version');
  const local =
    previous === false || kind === 'file' ? undefined : await localFiles(named, target, manifest, signal);
  const checks = checksOf(release, place, store, local);
  const from = { ...place, store };
  const copied = await copyChecked(from, target, checks, { overwrite, signal, onProgress });
  const { sealedSize } = copied;
  const isThere = copied.copied === 0 && checks.reused === 0;
  if (!isThere && overwrite) await removeOldSignature(release, target);
  return {
    kind,
    digest,
    ...(manifest.name !== undefined && { name: manifest.name }),
    ...(manifest.version !== undefined && { version: manifest.version }),
    context: manifest.context,
    ...(signedBy && { signedBy }),
    sealedSize,
    files: copied.copied + copied.present,
    fetched: store.fetched,
    reused: checks.reused,
    present: isThere ? sealedSize : checks.present,
    envelopeKept: release !== served,
    public: copied.public,
    mirrors: mirrors.map(({ told }) => told),
  };
}

/** Of the file that was replaced, where the new one has none: beside it it would be the signature of something else. */
async function removeOldSignature({ kind, documents }: JudgedRelease, target: string): Promise<void> {
  if (kind === 'bundle' || documents.get(SIGNATURE_NAME)) return;
  const path = `${target}.${SIGNATURE_NAME}`;
  await rm(path, { force: true }).catch((error: unknown) => {
    throw ioError(error, `remove ${path}`);
  });
}

import {
  checkPath,
  copyChecked,
  isWeightsealError,
  type StoreLocation,
  throwIfAborted,
} from '@weightseal/core';
import { checksOf } from './checks.js';
import { located } from './located.js';
import { isPassing, Mirror } from './mirror.js';
import { MirroredStore } from './mirrored.js';
import { checkPull, placesOf } from './options.js';
import { pinsOf } from './pins.js';
import { localFiles } from './previous.js';
import { type JudgedRelease, judgedAt } from './released.js';
import type { Pulled, PullFrom, PullOptions } from './types.js';

/**
 * Fetches a release to this machine: a sealed file with its manifest and signature, or a bundle. First comes what says what it is, and is judged; then the files, of which each is hashed while it comes, and
 * compared with what was signed. Nothing has its name before all of it is there and is that. What was cut off goes on; nothing is opened, and no key is needed.
 *
 * @param from one place, or several mirrors: what fails at one, or is something else there, comes from the next
 * @param to the path that it gets
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, SIGNATURE_MISSING and what else the signature or the policy is refused for; MEMBER_TAMPERED for what no mirror has as it was released;
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
  const { first, release } = await firstJudged(mirrors, options);
  const { manifest, kind, digest, signedBy } = release;
  const { place } = first;
  const store = new MirroredStore({
    release,
    mirrors: [first, ...mirrors.filter((one) => one !== first)],
    pins: pinsOf(release, place),
    onGivenUp: ({ uri }, error) => onGivenUp?.(uri, error),
  });
  const named =
    previous === undefined || previous === false ? undefined : checkPath(previous, 'The older version');
  const local = previous === false || kind === 'file' ? undefined : await localFiles(named, target, manifest);
  const checks = checksOf(release, place, store, local);
  const from = { ...place, store };
  const copied = await copyChecked(from, target, checks, { overwrite, signal, onProgress });
  const { sealedSize } = copied;
  const isThere = copied.copied === 0 && checks.reused === 0;
  return {
    kind,
    digest,
    ...(manifest.name !== undefined && { name: manifest.name }),
    ...(manifest.version !== undefined && { version: manifest.version }),
    ...(signedBy && { signedBy }),
    sealedSize,
    files: copied.copied + copied.present,
    fetched: store.fetched,
    reused: checks.reused,
    present: isThere ? sealedSize : checks.present,
    public: copied.public,
    mirrors: mirrors.map(({ told }) => told),
  };
}

/** The first that has a release which is trusted. @throws what the last one was refused for, or what the first one failed with */
async function firstJudged(
  mirrors: readonly Mirror[],
  options: PullOptions,
): Promise<{ readonly first: Mirror; readonly release: JudgedRelease }> {
  let failure: unknown;
  for (const mirror of mirrors) {
    try {
      const release = await judgedAt(mirror.place, options);
      mirror.admitted = true;
      return { first: mirror, release };
    } catch (error) {
      throwIfAborted(options.signal);
      failure ??= error;
      if (isPassing(error) || !isWeightsealError(error)) mirror.rest();
      else {
        mirror.giveUp(error);
        options.onGivenUp?.(mirror.uri, error);
      }
    }
  }
  throw failure;
}

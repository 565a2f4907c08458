import { lstat, open, rename, unlink } from 'node:fs/promises';
import {
  checkPath,
  Directory,
  durableFlags,
  followLinks,
  makeDurable,
  type PrivateOptions,
  privateFileError,
  secretBytes,
  WeightsealError,
  wipe,
} from '@weightseal/core';
import { randomBytes, randomFillSync } from './crypto.js';
import { toDate } from './key-bytes.js';
import {
  encodeKeyFile,
  KEY_ID_BYTES,
  type KeyFile,
  type KeyVersion,
  MAX_VERSION,
  MAX_VERSIONS,
  SECRET_BYTES,
  versionName,
  withKeyFile,
} from './key-file.js';
import { NEW, OWNER_ONLY, writeError, writeNewFile } from './new-file.js';
import { checkedPath } from './uri.js';

/**
 * Creates a key file with one new random key, mode 0600, and returns its URI. It is on disk when this returns.
 * There is no way to overwrite: what a lost key sealed stays sealed.
 *
 * @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR, INVALID_ARGUMENT for a path that no URI can name
 */
export async function generateKeyFile(at: string | URL): Promise<string> {
  const path = checkPath(at, 'The path of the key file');
  const uri = `local:${checkedPath(path, 'INVALID_ARGUMENT')}`;
  const version = newVersion(1);
  let bytes: Buffer | undefined;
  try {
    bytes = encodeKeyFile({ id: randomBytes(KEY_ID_BYTES).toString('hex'), versions: [version] });
    await writeNewFile(path, 'key file', bytes);
    return uri;
  } finally {
    wipe(version.secret, bytes);
  }
}

/**
 * Adds a version to the key file, and returns its name. The new file is written whole beside the old one, synced,
 * and renamed over it, so that a crash leaves one or the other. The fixed name of the new file is also the lock:
 * of two rotations at once, the one that renamed last would lose the other's key.
 *
 * @throws KEY_UNAVAILABLE while another rotation runs, NO_SPACE, IO_ERROR, and what reading the key file throws
 */
export async function rotateKeyFile(
  path: string,
  stop: AbortSignal,
  options: PrivateOptions = {},
): Promise<string> {
  const target = await followLinks(path).catch((error: unknown) => {
    throw privateFileError(error, path, 'key file');
  });
  const { directory, name } = await Directory.above(target).catch((error: unknown) => {
    throw privateFileError(error, path, 'key file');
  });
  await using place = directory;
  const named = `${target}.rotating`;
  const beside = place.at(`${name}.rotating`);
  const handle = await open(beside, NEW | durableFlags(), OWNER_ONLY).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? rotating(path, named)
      : writeError(error, `create ${named}`);
  });
  let renamed = false;
  // Root rotates the key of a service, which stays the service's: nothing is trusted that was not before.
  const asked = process.geteuid?.() === 0 ? { ofOthers: true } : options;
  try {
    return await withKeyFile(
      target,
      stop,
      async (file, owner) => {
        const version = newVersion(nextVersion(file, path));
        let bytes: Buffer | undefined;
        try {
          bytes = encodeKeyFile({ id: file.id, versions: [...file.versions, version] });
          const stat = await handle.stat();
          // Root may rotate a service's key; the service must still be able to read it.
          if (stat.uid !== owner.uid || stat.gid !== owner.gid) await handle.chown(owner.uid, owner.gid);
          if ((owner.mode & 0o777) !== OWNER_ONLY) await handle.chmod(owner.mode & 0o777);
          await handle.writeFile(bytes);
          await makeDurable(handle);
          await handle.close();
          stop.throwIfAborted();
          await checkSame(place.at(name), target, path);
          await rename(beside, place.at(name));
          renamed = true;
          await place.sync();
          return versionName(file.id, version.version);
        } finally {
          wipe(version.secret, bytes);
        }
      },
      asked,
    );
  } catch (error) {
    throw writeError(error, `rotate the key file ${path}`);
  } finally {
    await handle.close();
    if (!renamed) await unlink(beside).catch(() => {});
  }
}

function newVersion(version: number): KeyVersion {
  const secret = randomFillSync(secretBytes(SECRET_BYTES));
  return { version, created: toDate(Date.now()), secret };
}

function nextVersion(file: KeyFile, path: string): number {
  const next = (file.versions.at(-1)?.version ?? 0) + 1;
  if (file.versions.length < MAX_VERSIONS && next <= MAX_VERSION) return next;
  throw new WeightsealError(
    'KEY_FILE_INVALID',
    `The key file ${path} holds ${MAX_VERSIONS} versions, and no more fit. Make a new key file, and rewrap to it.`,
  );
}

/** What was read by its path must be what is replaced: another directory's key file would lose its keys. */
async function checkSame(place: string, target: string, path: string): Promise<void> {
  const [there, read] = await Promise.all([place, target].map((at) => lstat(at, { bigint: true })));
  if (there?.ino === read?.ino && there?.dev === read?.dev) return;
  throw new WeightsealError(
    'KEY_UNAVAILABLE',
    `The directory of the key file ${path} was moved while the key was rotated; nothing was changed. Try again.`,
  );
}

function rotating(path: string, beside: string): WeightsealError {
  return new WeightsealError(
    'KEY_UNAVAILABLE',
    `The key file ${path} is being rotated already, or a rotation of it was cut off. If none runs, remove ${beside} ` +
      'and try again; the key file itself is whole.',
  );
}

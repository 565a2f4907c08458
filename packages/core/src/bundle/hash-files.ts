import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem } from '../engine/files-task.js';
import { HashWatch } from '../engine/hash-watch.js';
import { TaskError } from '../engine/task.js';
import { isWeightsealError, throwIfAborted } from '../errors.js';
import { recordAt, recordMemory } from '../format/records.js';
import { type ByteSource, FileSource, readExactly } from '../io/byte-source.js';
import type { ManifestFile } from '../release/manifest.js';
import { BundleDirectory } from './bundle-directory.js';
import { batchesOf } from './jobs.js';
import { missingFile, otherFile } from './manifest-check-files.js';
import { openError } from './member-error.js';
import type { Released } from './released.js';

/** Objects of a store at once. */
const OBJECTS = 8;
/** Files that are this long are a task each, so that no thread is left with the longest at the end. */
const LONG = 8 * 1_048_576;

export interface HashWork {
  readonly signal: AbortSignal | undefined;
  readonly progress: (bytes: number) => void;
}

type Told = (file: ManifestFile, sha256: string) => void;

/**
 * The digest of each file as it lies there: of a disk by threads, several at once, of a store as it comes.
 *
 * @throws MEMBER_MISSING, MEMBER_TAMPERED for what is no regular file, or of another length; what `told` throws, ABORTED, and what the place throws
 */
export async function hashFiles(
  { storage, payload }: Pick<Released, 'storage' | 'payload'>,
  files: readonly ManifestFile[],
  work: HashWork,
  told: Told,
): Promise<void> {
  if (payload) {
    const { source, offset } = payload;
    if (source instanceof FileSource)
      return await onThreads({ from: '' }, files, { fd: source.fd, offset }, work, told);
    told(files[0]!, await digestFrom(source, offset, work));
  } else if (storage instanceof BundleDirectory) {
    await onThreads({ from: storage.from, blobs: storage.blobs }, files, {}, work, told);
  } else {
    const { signal, progress } = work;
    await atOnce(files, OBJECTS, signal, async (file) => {
      await using source = await storage!.openMember(file.path, file.size, signal).catch((error: unknown) => {
        throw asReleased(error, file.path);
      });
      const digest = await digestWhile(source, signal, async (bytes) => progress(bytes.length));
      told(file, Buffer.from(digest).toString('hex'));
    });
  }
}

/**
 * SHA-256 of all of a source, in hexadecimal: of a file by a thread, and where Node's permission model allows none, in pieces, so that all else goes on meanwhile.
 *
 * @throws MEMBER_TAMPERED, INPUT_CHANGED for a file that has become shorter, ABORTED, and what the place throws
 */
export async function digestOfAll(source: ByteSource, signal: AbortSignal | undefined): Promise<string> {
  const work = { signal, progress: () => {} };
  if (!(source instanceof FileSource) || process.permission?.has('worker') === false)
    return await digestFrom(source, 0, work);
  const { fd, size } = source;
  let digest = '';
  await onThreads(
    { from: '' },
    [{ path: 'file', size, sha256: '' }],
    { fd, offset: 0 },
    work,
    (_, sha256) => {
      digest = sha256;
    },
  );
  return digest;
}

async function digestFrom(
  source: ByteSource,
  offset: number,
  { signal, progress }: HashWork,
): Promise<string> {
  const rest = {
    size: source.size - offset,
    read: (at: number, length: number) => readExactly(source, offset + at, length, signal),
  };
  const digest = await digestWhile(rest, signal, async (bytes) => progress(bytes.length));
  return Buffer.from(digest).toString('hex');
}

async function onThreads(
  stored: { readonly from: string; readonly blobs?: string | undefined },
  files: readonly ManifestFile[],
  at: Pick<FileItem, 'fd' | 'offset'>,
  { signal, progress }: HashWork,
  told: Told,
): Promise<void> {
  const executor = filesExecutor();
  using watch = new HashWatch(signal, progress);
  const inOrder = [...files].sort((a, b) => Math.max(b.size, LONG) - Math.max(a.size, LONG));
  await atOnce(batchesOf(inOrder), executor.width, signal, async (some) => {
    const records = recordMemory(some.length);
    const items = some.map(
      ({ path, size }, record): FileItem => ({
        plain: true,
        executable: false,
        input: path,
        size,
        record,
        ...at,
      }),
    );
    await executor
      .runFiles({ operation: 'hash', ...stored, records, items, watch: watch.memory })
      .catch((error: unknown) => {
        throwIfAborted(signal);
        const { item = 0 } = error instanceof TaskError ? error.failure : {};
        const { path } = some[item]!;
        throw asReleased(openError(error, path), path);
      });
    for (const [index, file] of some.entries())
      told(file, Buffer.from(recordAt(records, index).sealedDigest).toString('hex'));
  });
  progress(watch.rest());
}

/** What lies there is compared with a manifest, and no table has been read. */
function asReleased(error: unknown, path: string): unknown {
  if (!isWeightsealError(error)) return error;
  if (error.code === 'MEMBER_MISSING') return missingFile(path);
  return error.code === 'MEMBER_TAMPERED'
    ? otherFile(path, 'is no regular file, or has another length')
    : error;
}

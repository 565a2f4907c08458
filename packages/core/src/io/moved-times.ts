import { createHash } from '../common/crypto.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { type FileSource, inputChanged } from './byte-source.js';

const READ_BYTES = 1_048_576;

/**
 * Whether a file that was read once, from its beginning to its end, was at rest meanwhile. Its time tells, except on mounts that tell another one at each look
 * (sshfs, unionfs, s3fs), or where something touches it: then the file is read once more, and must be what was read.
 *
 * @param digest `sha256:…` of what was read, where it is known
 * @throws INPUT_CHANGED, IO_ERROR, ABORTED
 */
export async function checkAtRest(
  file: FileSource,
  digest: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  await file.checkSize();
  // Some mounts tell an old size, and would have it cut there without a word.
  if ((await file.readSome(file.size, 1)).length > 0) throw longer(file);
  if (!(await file.touched())) return;
  if (digest === undefined) throw unsure(file);
  if ((await digestOf(file, signal)) !== digest) throw inputChanged(file.path);
  await file.checkSize();
}

async function digestOf(file: FileSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const bytes = new Uint8Array(Math.min(READ_BYTES, file.size));
  for (let at = 0; at < file.size; at += bytes.length) {
    throwIfAborted(signal);
    const part = bytes.subarray(0, Math.min(bytes.length, file.size - at));
    await file.readInto(part, at, signal);
    hash.update(part);
  }
  // It was plaintext.
  bytes.fill(0);
  return `sha256:${hash.digest('hex')}`;
}

function longer({ path, size }: FileSource): WeightsealError {
  return new WeightsealError(
    'INPUT_CHANGED',
    `${path} says that it has ${size} bytes, and gives more. If it is being written, try again when it is at rest; if its file system tells wrong sizes, ` +
      'copy it, or pipe it in as a stream.',
  );
}

function unsure({ path }: FileSource): WeightsealError {
  return new WeightsealError(
    'INPUT_CHANGED',
    `${path} has another time of change than when its reading began: it was written to, or touched, or its mount tells a new time at each look. Try again when it is at rest; ` +
      'if the times move by themselves, seal into a file with its digest, or pipe it in as a stream (weightseal seal - < FILE).',
  );
}

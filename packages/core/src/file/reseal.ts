import { checkPath, filePath } from '../common/arguments.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { passError } from '../engine/pass.js';
import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { FileSource } from '../io/byte-source.js';
import { checkNoDirectory } from '../io/directory-given.js';
import { type LockOptions, openLocked } from '../io/lock/file-lock.js';
import { OutputFile } from '../io/output/output-file.js';
import { checkChange, type RecipientChange } from '../keys/recipients.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { besideFile } from '../store/release-document.js';
import { encodeHead } from './head.js';
import { Input } from './input.js';
import { type Recipient, recipientOf } from './inspect.js';
import { checkManifestOptions, ManifestBeside, type ManifestOptions } from './manifest-beside.js';
import { verify } from './open.js';
import { releaseAfterFile } from './release-after-file.js';
import { checkResealed, recipientsAfter } from './reseal-rules.js';
import { resealTo } from './reseal-to.js';
import { SealedSource } from './sealed-source.js';
import { Sealer } from './sealer.js';
import { checkStillOurs } from './still-ours.js';
import type { UnlockOptions } from './unlock.js';

export interface ResealOptions extends UnlockOptions, Partial<RecipientChange>, LockOptions, ManifestOptions {
  /**
   * Where the new file is written, where that is elsewhere; then the old one stays as it is. A path, or a place in a store.
   */
  readonly output?: string | URL | StoreLocation | undefined;
  /** Whether what is at `output` may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
  /** Counts every byte twice: once encrypted, once verified. */
  readonly onProgress?: OnProgress | undefined;
}

export interface Resealed {
  /** The new file's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly recipients: readonly Recipient[];
  /** Bytes of plaintext. */
  readonly size: number;
}

/**
 * Gives a sealed file a new data key: every byte is decrypted and encrypted anew, segment by segment in memory, and the old file stays as it is
 * until the new one has been verified from its first byte to its last. Its manifest is made anew too, and says which one came before. Whoever had the old data key cannot open the new file.
 *
 * The recipients stay the same but for `add` and `remove`. Each one that stays must be among `keys`, since only its key can wrap.
 * Waits for another rewrap or reseal of the file to end, and then takes what that one has left.
 *
 * An object in a store is replaced in one step, if it is still what was read; every byte of the new one has been opened in memory before that. Nothing is written to a disk.
 *
 * @throws RECIPIENT_REQUIRED when a recipient would silently be lost, and what sealing and opening throw
 */
export async function reseal(at: string | URL | StoreLocation, options: ResealOptions): Promise<Resealed> {
  checkChange(options, 'reseal');
  checkManifestOptions(options);
  const { output = at } = options;
  if (isLocation(at) || isLocation(output) || filePath(output) !== filePath(at))
    return await resealTo(at, options);
  const path = checkPath(at, 'The path of the sealed file');
  await checkNoDirectory(path, 'resealBundle');
  await using locked = await openLocked(path, false, options);
  await using input = await Input.open(locked.file, options);
  // Before a key is asked: whether the new file can be the old one's owner's.
  await using file = await OutputFile.replacing(locked.file);
  await using manifest = await ManifestBeside.of(path, options, true, locked.file);
  const release = manifest && (await releaseAfterFile(options, locked.file, besideFile(path)));
  await using old = await SealedSource.open(input, options);
  const { context } = old.unlocked.head.envelope.core;
  const { segmentLength } = old.body.segments;
  const { signal, hedgeMs } = options;
  const keys = recipientsAfter(old.unlocked.head.envelope.slots, options);
  using sealer = await Sealer.create({ keys, context, segmentLength, signal });
  const progress = progressCounter(2 * old.size, options.onProgress);
  try {
    await encryptAnew(old, sealer, file, manifest, signal, progress);
    await manifest?.make(release, signal);
    await verifyWritten(file, old.size, { keys, context, signal, hedgeMs }, progress);
    await file.keepMode(locked.file);
    throwIfAborted(signal);
    // What takes long comes before the last look: a rewrap or another file meanwhile must not be undone.
    await file.sync();
    await old.checkUnchanged();
    await checkStillOurs(locked.file, old.unlocked.head.copy.document);
    await file.publish();
    await manifest?.publish();
  } catch (error) {
    throw passError(error, `reseal ${path}`);
  }
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    recipients: sealer.slots.map(recipientOf),
    size: old.size,
  };
}

async function encryptAnew(
  old: SealedSource,
  sealer: Sealer,
  file: OutputFile,
  manifest: ManifestBeside | undefined,
  signal: AbortSignal | undefined,
  progress: (bytes: number) => void,
): Promise<void> {
  const { payloadOffset } = sealer.preamble;
  const bodyOffset = payloadOffset + FLOE_HEADER;
  const plan = old.plan();
  const to = plan.inline ? { emit: true } : { output: { fd: file.fd, offset: bodyOffset } };
  const pass = { operation: 'reseal', newMessage: sealer.message, signal, progress, ...to } as const;
  await manifest?.begin(sealer, plan);
  try {
    for await (const { batch, bytes } of old.run(pass, plan)) {
      if (bytes) {
        await file.write(bytes, bodyOffset + batch.bodyOffset);
        await manifest?.update(bytes);
      } else await manifest?.updateFrom(file.fd, bodyOffset + batch.bodyOffset, batch.bodyLength);
    }
  } catch (error) {
    throw await old.explain(error);
  }
  await file.write(sealer.floeHeader, payloadOffset);
  await file.write(encodeHead(sealer.preamble, sealer.envelope(old.unlocked.metadata)), 0);
}

async function verifyWritten(
  file: OutputFile,
  size: number,
  options: UnlockOptions,
  progress: (bytes: number) => void,
): Promise<void> {
  const written = await FileSource.of(file.path, file.handle);
  let told = 0;
  const opened = await verify(written, {
    ...options,
    onProgress: ({ bytes }) => {
      progress(bytes - told);
      told = bytes;
    },
  });
  checkResealed(opened.size, size);
}

import { checkKinds, filePath } from '../common/arguments.js';
import type { OnProgress } from '../common/progress.js';
import { digestFor, passError, planFor } from '../engine/pass.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { isFileName } from '../format/metadata.js';
import { release } from '../format/segment.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { OutputFile } from '../io/output/output-file.js';
import { outputStream } from '../io/output/output-stream.js';
import type { ReadOptions } from '../io/reads.js';
import { checkKeys, checkSlotCount } from '../keys/wrap.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { encodeHead } from './head.js';
import { attend, Input, type InputBytes } from './input.js';
import { checkManifestOptions, ManifestBeside, type ManifestOptions } from './manifest-beside.js';
import { checkPlain, metadataOf, passOf, sealPass } from './seal-pass.js';
import { sealToStore } from './seal-to-store.js';
import { Sealer, type SealerOptions } from './sealer.js';

export interface SealOptions extends SealerOptions, ReadOptions {
  /** The original file's name to keep, encrypted; by default that of the input, a file's or an object's. */
  readonly name?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Whether what is sealed already may be sealed once more (nearly always a slip); the default is false. */
  readonly sealAgain?: boolean | undefined;
}

export interface SealFileOptions extends SealOptions, ManifestOptions {
  /** Whether to keep the plaintext's SHA-256 in the sealed metadata; the default is true. */
  readonly digest?: boolean | undefined;
  /** Whether an existing output may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
}

/** What came of a seal. */
export interface Sealed {
  /** The file's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  /** Bytes of plaintext. */
  readonly size: number;
  /** Bytes of the sealed file. */
  readonly sealedSize: number;
  /** `sha256:…` of the plaintext: tell it to nobody who may not know which model this is. */
  readonly digest?: string;
}

/**
 * Seals a file, a byte source or a stream into a file, or into an object in a store, as it comes, and its manifest beside it. Resolves when both are durable under their names, and leaves
 * nothing when it throws, or, where the manifest's very last step fails, a sealed file without one. The metadata of an object lacks the digest, and a stream's size, where the store takes bytes only in their order and there are many (docs/stores/writing.md).
 *
 * @throws ALREADY_SEALED, INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS, NO_SPACE, IO_ERROR, ABORTED, INVALID_ARGUMENT, CONTEXT_INVALID,
 *   RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, what the key providers throw, and the codes of class `store`
 */
export async function sealToFile(
  input: InputBytes,
  output: string | URL | StoreLocation,
  options: SealFileOptions,
): Promise<Sealed> {
  check(options, 'sealToFile');
  checkManifestOptions(options);
  if (isLocation(output)) return await sealToStore(input, output, options);
  const path = filePath(output);
  await using opened = await Input.open(input, options, 'sealBundle');
  if (opened.source) await checkPlain(opened, options);
  opened.warm();
  await using file = await OutputFile.create(path, options.overwrite ?? false, 0o666);
  await using manifest = await ManifestBeside.of(path, options, options.overwrite ?? false);
  using sealer = await Sealer.create(options);
  // A stream comes when it likes: keys that fail are told before that.
  if (opened.feeder) await checkPlain(opened, options);
  const sealed = await sealInto(opened, file, manifest, sealer, options);
  throwIfAborted(options.signal);
  await opened.checkAtRest(sealed.digest, options.signal);
  await file.publish();
  await manifest?.publish();
  return sealed;
}

async function sealInto(
  input: Input,
  file: OutputFile,
  manifest: ManifestBeside | undefined,
  sealer: Sealer,
  options: SealFileOptions,
): Promise<Sealed> {
  const { preamble, message, floeHeader } = sealer;
  const wantsDigest = options.digest ?? true;
  const plan = planFor(message.segmentLength, input.size, wantsDigest || !input.file, input.reads);
  const direct = input.file !== undefined && !plan.inline;
  const digest = wantsDigest ? digestFor(plan) : undefined;
  const bodyOffset = preamble.payloadOffset + FLOE_HEADER;
  let end = bodyOffset;
  let plaintextSize = 0;
  try {
    await manifest?.begin(sealer, plan);
    const pass = {
      ...passOf(sealer, input, options),
      digest,
      ...(direct ? { output: { fd: file.fd, offset: bodyOffset } } : { emit: true }),
    };
    for await (const { batch, bytes } of sealPass(pass, plan, input)) {
      if (bytes) {
        await file.write(bytes, bodyOffset + batch.bodyOffset);
        await manifest?.update(bytes);
        release(bytes);
      } else await manifest?.updateFrom(file.fd, bodyOffset + batch.bodyOffset, batch.bodyLength);
      end = bodyOffset + batch.bodyOffset + batch.bodyLength;
      plaintextSize = batch.plainOffset + batch.plainLength;
    }
    const sha256 = await digest?.finish();
    await file.write(floeHeader, preamble.payloadOffset);
    await file.write(
      encodeHead(preamble, sealer.envelope(metadataOf(input, options, plaintextSize, sha256))),
      0,
    );
    await manifest?.make(options.release, options.signal);
    return {
      id: Buffer.from(sealer.core.id).toString('hex'),
      size: plaintextSize,
      sealedSize: end,
      ...(sha256 !== undefined && { digest: sha256 }),
    };
  } catch (error) {
    throw passError(error, `seal into ${file.path}`);
  } finally {
    await digest?.end();
  }
}

/**
 * Seals into a stream, for a sink that cannot seek. The envelope comes first, so the sealed metadata has no digest, and the size only when
 * the input is no stream. FORMAT.md §12.4. Nothing is done before the stream is read.
 *
 * @throws (by erroring the stream) like `sealToFile`
 */
export function sealToStream(
  input: InputBytes,
  options: SealOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  check(options, 'sealToStream');
  const unread = attend(input);
  return outputStream(options.signal, (signal) => sealChunks(input, { ...options, signal }), unread);
}

async function* sealChunks(input: InputBytes, options: SealOptions): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await using opened = await Input.open(input, options, 'sealBundle');
  if (opened.source) await checkPlain(opened, options);
  using sealer = await Sealer.create(options);
  if (opened.feeder) await checkPlain(opened, options);
  const plan = planFor(sealer.message.segmentLength, opened.size, true, opened.reads);
  const pass = { ...passOf(sealer, opened, options), emit: true };
  try {
    yield encodeHead(sealer.preamble, sealer.envelope(metadataOf(opened, options, opened.size, undefined)));
    yield sealer.floeHeader;
    for await (const { bytes } of sealPass(pass, plan, opened)) if (bytes) yield bytes;
    await opened.checkAtRest(undefined, options.signal);
  } catch (error) {
    throw passError(error, 'seal the stream');
  }
}

/** @throws INVALID_ARGUMENT */
function check(options: SealOptions, of: string): void {
  const { keys, name } = checkKinds(options, of);
  checkSlotCount(checkKeys(keys).length);
  if (name === undefined || isFileName(name)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The name must be a file name of 1 to 255 bytes, without a directory.',
  );
}

import { basename } from 'node:path';
import {
  digestFor,
  type LoadedBatch,
  type Plan,
  passError,
  plainCapacity,
  planFor,
  runPass,
  slotsFor,
  warmFor,
} from './engine/pass.js';
import { batches } from './engine/plan.js';
import type { Slots } from './engine/slots.js';
import { WeightsealError } from './errors.js';
import { isFileName, type Metadata } from './format/metadata.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfPlaintext } from './format/sizes.js';
import { encodeHead } from './head.js';
import { type ByteSource, FileSource, loadRange } from './io/byte-source.js';
import { type ByteStream, Feeder, isByteSource } from './io/feeder.js';
import { OutputFile } from './io/output-file.js';
import { type OnProgress, progressCounter } from './progress.js';
import { Sealer, type SealerOptions } from './sealer.js';

export interface SealOptions extends SealerOptions {
  /** The original file's name to keep, encrypted; by default that of the input file. */
  readonly name?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface SealFileOptions extends SealOptions {
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
 * Seals a file, a byte source or a stream into a file. Resolves when the sealed file is durable under its name, and leaves nothing when
 * it throws.
 *
 * @throws INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS, NO_SPACE, IO_ERROR, ABORTED, CONTEXT_INVALID, RECIPIENT_REQUIRED,
 *   WRAP_NOT_VERIFIED, and what the key providers throw
 */
export async function sealToFile(
  input: string | ByteSource | ByteStream,
  output: string,
  options: SealFileOptions,
): Promise<Sealed> {
  checkName(options.name);
  await using opened = typeof input === 'string' ? await FileSource.open(input) : undefined;
  if (opened) warmFor(opened.size);
  const source = opened ?? (input as ByteSource | ByteStream);
  await using file = await OutputFile.create(output, options.overwrite ?? false, 0o666);
  using sealer = await Sealer.create(options);
  const sealed = await sealInto(source, file, sealer, options);
  await opened?.checkUnchanged();
  await file.publish();
  return sealed;
}

async function sealInto(
  source: ByteSource | ByteStream,
  file: OutputFile,
  sealer: Sealer,
  options: SealFileOptions,
): Promise<Sealed> {
  const { payloadOffset } = sealer.preamble;
  const size = isByteSource(source) ? source.size : undefined;
  const onThreads = source instanceof FileSource;
  const wantsDigest = options.digest ?? true;
  const plan = planFor(sealer.message.segmentLength, size, wantsDigest || !onThreads);
  const digest = wantsDigest ? digestFor(plan) : undefined;
  let written = 0;
  let plaintextSize = 0;
  try {
    const bodyOffset = payloadOffset + FLOE_HEADER;
    const direct = onThreads && !plan.inline;
    const pass = {
      operation: 'seal',
      message: sealer.message,
      digest,
      signal: options.signal,
      progress: progressCounter(size, options.onProgress),
      ...(direct
        ? { input: { fd: source.fd, offset: 0 }, output: { fd: file.fd, offset: bodyOffset } }
        : { emit: true }),
    } as const;
    for await (const { batch, bytes } of sealPass(pass, source, sealer, plan, wantsDigest)) {
      if (bytes) await file.write(bytes, bodyOffset + batch.bodyOffset);
      written = batch.bodyOffset + batch.bodyLength;
      plaintextSize = batch.plainOffset + batch.plainLength;
    }
    const sha256 = await digest?.finish();
    const envelope = sealer.envelope(metadataOf(source, options, plaintextSize, sha256));
    await file.write(sealer.floeHeader, payloadOffset);
    await file.write(encodeHead(sealer.preamble, envelope), 0);
    return summary(sealer, plaintextSize, bodyOffset + written, sha256);
  } catch (error) {
    throw passError(error, `seal into ${file.path}`);
  } finally {
    await digest?.end();
  }
}

type SealPass = Parameters<typeof runPass>[0];

function sealPass(
  pass: SealPass,
  source: ByteSource | ByteStream,
  sealer: Sealer,
  plan: Plan,
  digest: boolean,
): ReturnType<typeof runPass> {
  const { message } = sealer;
  if (!isByteSource(source)) {
    const slots = slotsFor(plan, message);
    return runPass(pass, plan, streamBatches(source, sealer, plan, slots, pass.signal), slots);
  }
  const all = batches(segmentsOfPlaintext(source.size, message.segmentLength), plan.batchCount);
  if (pass.input) return runPass(pass, plan, all, digest ? slotsFor(plan, message) : undefined);
  const load = (batch: { plainOffset: number; plainLength: number }, slot: SharedArrayBuffer) =>
    loadRange(source, batch.plainOffset, new Uint8Array(slot, 0, batch.plainLength), pass.signal);
  return runPass({ ...pass, load }, plan, all, slotsFor(plan, message));
}

/** Cuts a stream of unknown length into batches; each is known to be the last, or not, before it is sealed. */
async function* streamBatches(
  stream: ByteStream,
  sealer: Sealer,
  plan: Plan,
  slots: Slots,
  signal: AbortSignal | undefined,
): AsyncGenerator<LoadedBatch> {
  await using feeder = new Feeder(stream, signal);
  const { segmentLength } = sealer.message;
  const perSegment = segmentLength - OVERHEAD;
  const capacity = plainCapacity(plan, sealer.message);
  for (let first = 0, last = false; !last; first += plan.batchCount) {
    const slot = await slots.take();
    const plainLength = await feeder.fill(new Uint8Array(slot, 0, capacity));
    last = plainLength < capacity || (await feeder.ended());
    const { count, finalLength } = segmentsOfPlaintext(plainLength, segmentLength);
    yield {
      first,
      count,
      plainOffset: first * perSegment,
      plainLength,
      bodyOffset: first * segmentLength,
      bodyLength: plainLength + count * OVERHEAD,
      ...(last && { finalLength }),
      slot,
    };
  }
}

/**
 * Seals into a stream, for a sink that cannot seek. The envelope comes first, so the sealed metadata has no digest, and the size only when
 * the input is a byte source. FORMAT.md §12.4. Nothing is sealed before the stream is read.
 *
 * @throws (by erroring the stream) like `sealToFile`
 */
export function sealToStream(
  input: ByteSource | ByteStream,
  options: SealOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(sealChunks(input, options));
}

async function* sealChunks(
  source: ByteSource | ByteStream,
  options: SealOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  checkName(options.name);
  using sealer = await Sealer.create(options);
  const size = isByteSource(source) ? source.size : undefined;
  const plan = planFor(sealer.message.segmentLength, size, true);
  const progress = progressCounter(size, options.onProgress);
  const pass = {
    operation: 'seal',
    message: sealer.message,
    signal: options.signal,
    progress,
    emit: true,
  } as const;
  try {
    yield encodeHead(sealer.preamble, sealer.envelope(metadataOf(source, options, size, undefined)));
    yield sealer.floeHeader;
    for await (const { bytes } of sealPass(pass, source, sealer, plan, false)) if (bytes) yield bytes;
  } catch (error) {
    throw passError(error, 'seal the stream');
  }
}

function checkName(name: string | undefined): void {
  if (name === undefined || isFileName(name)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The name must be a file name of 1 to 255 bytes, without a directory.',
  );
}

function metadataOf(
  source: ByteSource | ByteStream,
  options: SealOptions,
  size: number | undefined,
  digest: string | undefined,
): Metadata {
  const name = options.name ?? (source instanceof FileSource ? nameOf(source) : undefined);
  return {
    created: new Date().toISOString(),
    ...(digest !== undefined && { digest }),
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
  };
}

/** A file may have a name that the metadata cannot hold, on some systems; it is sealed without one then. */
function nameOf({ path }: FileSource): string | undefined {
  const name = basename(path);
  return isFileName(name) ? name : undefined;
}

function summary(sealer: Sealer, size: number, sealedSize: number, digest: string | undefined): Sealed {
  const id = Buffer.from(sealer.core.id).toString('hex');
  return { id, size, sealedSize, ...(digest !== undefined && { digest }) };
}

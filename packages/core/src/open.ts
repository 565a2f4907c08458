import { digestFor, type Pass, passError } from './engine/pass.js';
import { throwIfAborted, WeightsealError } from './errors.js';
import type { Context } from './format/context.js';
import { release } from './format/segment.js';
import { attend, Input, type InputBytes } from './io/input.js';
import { OutputFile } from './io/output-file.js';
import { outputStream } from './io/output-stream.js';
import { type OnProgress, progressCounter } from './progress.js';
import type { SealedInput } from './sealed-input.js';
import { SealedSource } from './sealed-source.js';
import { SealedStream } from './sealed-stream.js';
import { checkSize, type Unlocked, type UnlockOptions } from './unlock.js';

export interface OpenOptions extends UnlockOptions {
  readonly onProgress?: OnProgress | undefined;
}

export interface VerifyOptions extends OpenOptions {
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one, where there is one. */
  readonly digest?: boolean | undefined;
}

export interface OpenFileOptions extends VerifyOptions {
  /** Whether an existing output may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
}

/** What a sealed file says of itself, all of it authenticated. */
export interface Opened {
  /** The file's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly context: Context;
  /** Bytes of plaintext. */
  readonly size: number;
  /** The original file's name. Not a path to write to without a check: whoever sealed the file chose it. */
  readonly name?: string;
  /** When it was sealed, RFC 3339 in UTC. */
  readonly created?: string;
  /** `sha256:…` of the plaintext as it was sealed. */
  readonly digest?: string;
  /** Whether the digest was computed anew and compared. Every byte is authenticated without that too. */
  readonly digestVerified: boolean;
}

async function openInput(bytes: InputBytes, options: UnlockOptions): Promise<SealedInput> {
  const input = await Input.open(bytes, options.signal);
  return input.feeder ? SealedStream.open(input, input.feeder, options) : SealedSource.open(input, options);
}

/**
 * Opens a sealed file into a file. It appears under its name when its last segment has been authenticated, with mode 0600; nothing is left when
 * this throws. The digest is compared only when `digest` is true.
 */
export async function openToFile(
  input: InputBytes,
  output: string,
  options: OpenFileOptions,
): Promise<Opened> {
  await using sealed = await openInput(input, options);
  await using file = await OutputFile.create(output, options.overwrite ?? false);
  const opened = await openAll(sealed, file, options, options.digest ?? false);
  throwIfAborted(options.signal);
  await file.publish();
  return opened;
}

/** Authenticates every byte, and writes nothing. Compares the digest too, unless `digest` is false. */
export async function verify(input: InputBytes, options: VerifyOptions): Promise<Opened> {
  await using sealed = await openInput(input, options);
  return await openAll(sealed, undefined, options, options.digest ?? true);
}

/**
 * Opens into a stream. Every chunk has been authenticated before it is given out. When the input is a stream, its end is not known before it
 * comes: an error then means that what was given out is authentic and that the whole is not.
 */
export function openToStream(
  input: InputBytes,
  options: OpenOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const unread = attend(input);
  return outputStream(options.signal, (signal) => openChunks(input, { ...options, signal }), unread);
}

async function* openChunks(input: InputBytes, options: OpenOptions): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await using sealed = await openInput(input, options);
  for await (const { bytes } of outputs(sealed, { emit: true }, undefined, options)) {
    if (bytes && bytes.length > 0) yield bytes;
  }
}

async function openAll(
  sealed: SealedInput,
  file: OutputFile | undefined,
  options: OpenOptions,
  wantsDigest: boolean,
): Promise<Opened> {
  const { metadata } = sealed.unlocked;
  const plan = sealed.plan(wantsDigest);
  const digest = wantsDigest && metadata.digest !== undefined ? digestFor(plan) : undefined;
  // On threads the output is written where it was decrypted; otherwise it comes here, and goes out without blocking.
  const direct = file && !plan.inline ? { output: { fd: file.fd, offset: 0 } } : { emit: file !== undefined };
  let size = 0;
  try {
    for await (const { batch, bytes } of outputs(sealed, direct, digest, options)) {
      if (bytes && file) {
        await file.write(bytes, batch.plainOffset);
        release(bytes);
      }
      size = batch.plainOffset + batch.plainLength;
    }
    if (digest && (await digest.finish()) !== metadata.digest) throw digestMismatch();
    await sealed.checkUnchanged();
    return describe(sealed.unlocked, size, digest !== undefined);
  } catch (error) {
    throw passError(error, file ? `open into ${file.path}` : 'verify the file');
  } finally {
    await digest?.end();
  }
}

type Outputs = ReturnType<SealedInput['run']>;

async function* outputs(
  sealed: SealedInput,
  to: Pick<Pass, 'output' | 'emit'>,
  digest: Pass['digest'],
  { signal, onProgress }: OpenOptions,
): Outputs {
  let given = 0;
  try {
    const pass = {
      operation: 'open',
      digest,
      signal,
      progress: progressCounter(sealed.size, onProgress),
      ...to,
    } as const;
    for await (const output of sealed.run(pass, sealed.plan(digest !== undefined || to.emit === true))) {
      yield output;
      given = output.batch.plainOffset + output.batch.plainLength;
    }
    checkSize(sealed.unlocked.metadata, given);
  } catch (error) {
    throw await sealed.explain(error, given);
  }
}

function describe({ head, metadata }: Unlocked, size: number, digestVerified: boolean): Opened {
  const { core } = head.envelope;
  const { created, digest, name } = metadata;
  return {
    id: Buffer.from(core.id).toString('hex'),
    context: core.context,
    size,
    ...(name !== undefined && { name }),
    ...(created !== undefined && { created }),
    ...(digest !== undefined && { digest }),
    digestVerified,
  };
}

function digestMismatch(): WeightsealError {
  return new WeightsealError(
    'DIGEST_MISMATCH',
    'Every segment is authentic, and yet the plaintext does not have the digest that was sealed with it: the file was sealed from an input that changed. Seal it again.',
  );
}

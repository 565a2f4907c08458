import { checkKinds, filePath } from '../common/arguments.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { OutputFile } from '../io/output/output-file.js';
import { outputStream } from '../io/output/output-stream.js';
import { checkKeys } from '../keys/wrap.js';
import { isLocation, uriOf } from '../store/location.js';
import { inFile } from './in-file.js';
import { attend, Input, type InputBytes } from './input.js';
import { type Opened, type OpenOptions, openAll, outputs } from './open-all.js';
import type { SealedInput } from './sealed-input.js';
import { SealedSource } from './sealed-source.js';
import { SealedStream } from './sealed-stream.js';
import type { UnlockOptions } from './unlock.js';

export interface VerifyOptions extends OpenOptions {
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one, where there is one. */
  readonly digest?: boolean | undefined;
  /**
   * Whether to refuse a file whose two copies of the envelope are not equal (ENVELOPE_DAMAGED), although the one in use is authentic; the default is
   * false. A crash in the midst of a rewrap leaves such a file, and another rewrap mends it.
   */
  readonly strict?: boolean | undefined;
}

export interface OpenFileOptions extends VerifyOptions {
  /** Whether an existing output may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
}

async function openInput(
  bytes: InputBytes,
  options: OpenOptions,
  forDirectories: string,
): Promise<SealedInput> {
  return unlockInput(await Input.open(bytes, options, forDirectories), options);
}

/** @throws INVALID_ARGUMENT */
function check(options: OpenOptions, of: string): void {
  checkKinds(options, of);
  checkKeys(options.keys);
}

/** What was sealed to lie in a store must not lie there open beside it. @throws INVALID_ARGUMENT */
function refuseStore(output: unknown): void {
  if (!isLocation(output)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `Plaintext is never written to a store: ${uriOf(output)} cannot be what something is opened into. Open it into a file or as a stream; \`reseal\` and \`cp\` write what is sealed to a store.`,
  );
}

/** Takes over the input. */
function unlockInput(input: Input, options: UnlockOptions): Promise<SealedInput> {
  return input.feeder ? SealedStream.open(input, input.feeder, options) : SealedSource.open(input, options);
}

/**
 * Opens a sealed file into a file. It appears under its name when its last segment has been authenticated, with mode 0600; nothing is left when
 * this throws. An output that cannot be is refused before a key is asked. The digest is compared only when `digest` is true.
 */
export async function openToFile(
  input: InputBytes,
  output: string | URL,
  options: OpenFileOptions,
): Promise<Opened> {
  check(options, 'openToFile');
  refuseStore(output);
  const path = filePath(output);
  await using source = await Input.open(input, options, 'openBundle, and its openTo');
  // Before a key is asked: an output that cannot be is known now.
  await using file = await OutputFile.create(path, options.overwrite ?? false);
  await using sealed = await unlockInput(source, options);
  const opened = await openAll(sealed, file, options, options.digest ?? false);
  if (options.strict) checkCopies(opened, sealed.where);
  throwIfAborted(options.signal);
  await file.publish();
  return opened;
}

/**
 * Authenticates payload, metadata and the envelope in use, and writes nothing. Compares the digest too, unless `digest` is false. The other copy of
 * the envelope authenticates nothing and is not needed: `copiesEqual` tells whether it is the same, and `strict` makes it an error when it is not.
 */
export async function verify(input: InputBytes, options: VerifyOptions): Promise<Opened> {
  check(options, 'verify');
  await using sealed = await openInput(input, options, 'verifyBundle');
  const opened = await openAll(sealed, undefined, options, options.digest ?? true);
  if (options.strict) checkCopies(opened, sealed.where);
  return opened;
}

function checkCopies({ otherCopy }: Opened, where: string | undefined): void {
  if (otherCopy === undefined) return;
  const error = new WeightsealError(
    'ENVELOPE_DAMAGED',
    `The payload and the envelope in use are as they were sealed, and copy ${otherCopy.name} of the envelope (${otherCopy.length} bytes at ${otherCopy.offset}) is not the same: ` +
      'it was damaged, or a rewrap was cut off. `rewrap` mends it.',
  );
  throw inFile(error, where);
}

/**
 * Opens into a stream. Every chunk has been authenticated before it is given out. When the input is a stream, its end is not known before it
 * comes: an error then means that what was given out is authentic and that the whole is not.
 */
export function openToStream(
  input: InputBytes,
  options: OpenOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  check(options, 'openToStream');
  const unread = attend(input);
  return outputStream(options.signal, (signal) => openChunks(input, { ...options, signal }), unread);
}

async function* openChunks(input: InputBytes, options: OpenOptions): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await using sealed = await openInput(input, options, 'openBundle, and its stream');
  for await (const { bytes } of outputs(sealed, { emit: true }, undefined, options)) {
    if (bytes && bytes.length > 0) yield bytes;
  }
}

import type { FileHandle } from 'node:fs/promises';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { digestFor, type Pass, passError } from '../engine/pass.js';
import { WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import { PREAMBLE_LENGTH } from '../format/preamble.js';
import { release } from '../format/segment.js';
import { writeAt } from '../io/output/output-file.js';
import type { ReadOptions } from '../io/reads.js';
import type { Head } from './head.js';
import { inFile } from './in-file.js';
import type { SealedInput } from './sealed-input.js';
import { checkSize, type Unlocked, type UnlockOptions } from './unlock.js';

export interface OpenOptions extends UnlockOptions, ReadOptions {
  readonly onProgress?: OnProgress | undefined;
}

/** What a sealed file says of itself: authenticated, but for what is said of the copies of its envelope. */
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
  /** Whether the digest was computed anew and compared; false for a file without one. All of the plaintext is authenticated without that too. */
  readonly digestVerified: boolean;
  /** Whether both copies of the envelope are whole and equal. */
  readonly copiesEqual: boolean;
  /** Where they are not: the one that was not used. Nothing authenticates what lies there, which may be an older envelope. A rewrap mends it. */
  readonly otherCopy?: { readonly name: 'A' | 'B'; readonly offset: number; readonly length: number };
}

type Watched = Pick<OpenOptions, 'signal' | 'onProgress'>;

/** A file that is open for writing, and what messages call it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** Opens all of it into the file, from its first byte on, or authenticates it and writes nothing. */
export async function openAll(
  sealed: SealedInput,
  file: OpenFile | undefined,
  options: Watched,
  wantsDigest: boolean,
): Promise<Opened> {
  const { metadata } = sealed.unlocked;
  const plan = sealed.plan(wantsDigest);
  const digest = wantsDigest && metadata.digest !== undefined ? digestFor(plan) : undefined;
  // On threads the output is written where it was decrypted; otherwise it comes here, and goes out without blocking.
  const direct =
    file && !plan.inline ? { output: { fd: file.handle.fd, offset: 0 } } : { emit: file !== undefined };
  let size = 0;
  try {
    for await (const { batch, bytes } of outputs(sealed, direct, digest, options)) {
      if (bytes && file) {
        await writeAt(file.handle, bytes, batch.plainOffset, file.path);
        release(bytes);
      }
      size = Math.max(size, batch.plainOffset + batch.plainLength);
    }
    if (digest && (await digest.finish()) !== metadata.digest) throw digestMismatch();
    await sealed.checkUnchanged();
    return describe(sealed.unlocked, size, digest !== undefined);
  } catch (error) {
    throw inFile(passError(error, file ? `open into ${file.path}` : 'verify the file'), sealed.where);
  } finally {
    await digest?.end();
  }
}

type Outputs = ReturnType<SealedInput['run']>;

export async function* outputs(
  sealed: SealedInput,
  to: Pick<Pass, 'output' | 'emit'>,
  digest: Pass['digest'],
  { signal, onProgress }: Watched,
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
      given = Math.max(given, output.batch.plainOffset + output.batch.plainLength);
    }
    checkSize(sealed.unlocked.metadata, given);
  } catch (error) {
    throw await sealed.explain(error, given, signal);
  }
}

export function describe({ head, metadata }: Unlocked, size: number, digestVerified: boolean): Opened {
  const { core } = head.envelope;
  const otherCopy = otherCopyOf(head);
  const { created, digest, name } = metadata;
  return {
    id: Buffer.from(core.id).toString('hex'),
    context: core.context,
    size,
    ...(name !== undefined && { name }),
    ...(created !== undefined && { created }),
    ...(digest !== undefined && { digest }),
    digestVerified,
    copiesEqual: otherCopy === undefined,
    ...(otherCopy && { otherCopy }),
  };
}

function otherCopyOf({ copy, preamble: { area } }: Head): Opened['otherCopy'] {
  if (copy.mirrored) return undefined;
  const index = 1 - copy.index;
  return { name: index === 0 ? 'A' : 'B', offset: PREAMBLE_LENGTH + index * area, length: area };
}

function digestMismatch(): WeightsealError {
  return new WeightsealError(
    'DIGEST_MISMATCH',
    'Every segment is authentic, and yet the plaintext does not have the digest that was sealed with it: the file was sealed from an input that changed. Seal it again.',
  );
}

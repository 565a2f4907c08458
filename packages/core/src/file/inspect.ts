import { checkKinds } from '../common/arguments.js';
import { lastSegmentFault } from '../engine/diagnose.js';
import type { Context } from '../format/context.js';
import { parseSegmentLength } from '../format/floe.js';
import { FLOE_HEADER, segmentsOfBody } from '../format/sizes.js';
import type { ByteSource } from '../io/byte-source.js';
import { readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import { Input, type InputAnywhere } from './input.js';

/** What a sealed file shows to anyone. None of it is authenticated: only a key can tell whether it is true. */
export interface Inspection {
  readonly formatVersion: 1;
  readonly algorithm: string;
  /** The file's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly context: Context;
  readonly recipients: readonly Recipient[];
  /** How often the envelope has been written. */
  readonly generation: number;
  /** Whether both copies of the envelope are whole and equal; where not, a rewrap mends them. */
  readonly copiesEqual: boolean;
  /** Bytes of an encrypted segment. */
  readonly segmentLength: number;
  readonly segments: number;
  /** Bytes of plaintext. */
  readonly size: number;
  /** Bytes of the whole sealed file. */
  readonly sealedSize: number;
}

/** One of those who can open a file. */
export interface Recipient {
  readonly provider: string;
  readonly keyUri: string;
  readonly keyVersion: string;
  readonly algorithm: string;
}

/**
 * Tells what a sealed file shows without a key. @throws NOT_SEALED, UNSUPPORTED_VERSION and the other codes of class `format`, and what the last
 * segment's marker shows: PAYLOAD_TRUNCATED, PAYLOAD_TRAILING_DATA, SEGMENT_TAMPERED. Opening gives the same code, unless the key finds something before it.
 */
export async function inspect(
  input: InputAnywhere,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Inspection> {
  await using opened = await Input.open(input, checkKinds(options, 'inspect'), 'inspectBundle');
  return await inspectIn(opened.anywhere, options).catch((error: unknown) => {
    throw inFile(error, opened.where);
  });
}

async function inspectIn(
  source: ByteSource,
  options: { signal?: AbortSignal | undefined },
): Promise<Inspection> {
  const { envelope, copy, preamble, floeHeader } = await readHeadOf(source, options.signal);
  const segmentLength = parseSegmentLength(floeHeader);
  const offset = preamble.payloadOffset + FLOE_HEADER;
  const segments = segmentsOfBody(source.size - offset, segmentLength);
  const fault = await lastSegmentFault({ source, offset, segments }, options.signal);
  if (fault) throw fault;
  return {
    formatVersion: 1,
    algorithm: envelope.core.algorithm,
    id: Buffer.from(envelope.core.id).toString('hex'),
    context: envelope.core.context,
    recipients: envelope.slots.map(recipientOf),
    generation: envelope.generation,
    copiesEqual: copy.mirrored,
    segmentLength,
    segments: segments.count,
    size: segments.plaintextSize,
    sealedSize: source.size,
  };
}

export function recipientOf({ provider, keyUri, keyVersion, algorithm }: Recipient): Recipient {
  return { provider, keyUri, keyVersion, algorithm };
}

import { WeightsealError } from '../errors.js';
import { concat, lengthPrefixed, utf8 } from '../format/bytes.js';
import type { Context } from '../format/context.js';
import { expectContext } from '../format/context.js';
import { type CoreDocument, PAYLOAD_NAME } from '../format/core-document.js';
import { type Envelope, encodeEnvelope, parseEnvelope, verifyEnvelope } from '../format/envelope.js';
import { type FloeMessage, parseSegmentLength, startDecryption } from '../format/floe.js';
import { label, payloadKey } from '../format/kdf.js';
import { type Metadata, openMetadata } from '../format/metadata.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import type { DataKey } from '../keys/secret.js';
import { type UnwrapOptions, unwrapDataKey } from '../keys/unwrap.js';
import { checkKeys } from '../keys/wrap.js';
import { type Head, truncated } from './head.js';

export interface UnlockOptions extends UnwrapOptions {
  /**
   * What the caller expects of the file: every pair must be in its context with exactly this value. Compared before any key is asked.
   * Without it any context is accepted.
   */
  readonly context?: Context | undefined;
}

/** A file whose envelope has been authenticated; holds its keys until it is disposed of. */
export class Unlocked implements Disposable {
  readonly head: Head;
  readonly dataKey: DataKey;
  readonly metadata: Metadata;
  readonly message: FloeMessage;

  constructor(head: Head, dataKey: DataKey) {
    const { core, metadata } = head.envelope;
    this.head = head;
    this.dataKey = dataKey;
    this.message = openPayload(dataKey.bytes, core, head.floeHeader);
    try {
      this.metadata = openMetadata(dataKey.bytes, core, metadata);
    } catch (error) {
      this.message[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.dataKey[Symbol.dispose]();
    this.message[Symbol.dispose]();
  }
}

/** FORMAT.md §9.1. */
export function payloadAad(core: CoreDocument): Uint8Array {
  return concat(label('payload'), lengthPrefixed(core.bytes), lengthPrefixed(utf8(PAYLOAD_NAME)));
}

function openPayload(dataKey: Uint8Array, core: CoreDocument, header: Uint8Array): FloeMessage {
  const key = payloadKey(dataKey, core.id, PAYLOAD_NAME);
  try {
    return startDecryption(key, payloadAad(core), header);
  } finally {
    key.fill(0);
  }
}

/**
 * An envelope as it will be read, once it has been shown to open: encoded, parsed again, and authenticated with the data key of the payload, down
 * to the payload's header. What does not open must not be written.
 *
 * @throws what opening throws
 */
export function proven(dataKey: Uint8Array, envelope: Envelope, floeHeader: Uint8Array): Envelope {
  const again = parseEnvelope(envelope.generation, encodeEnvelope(envelope));
  verifyEnvelope(dataKey, again);
  openMetadata(dataKey, again.core, again.metadata);
  openPayload(dataKey, again.core, floeHeader)[Symbol.dispose]();
  return again;
}

/** FORMAT.md §11.1, steps 2 to 5. */
export async function unlock(
  head: Head,
  options: UnlockOptions,
  at: ReleasePlace | undefined,
): Promise<Unlocked> {
  parseSegmentLength(head.floeHeader);
  checkKeys(options.keys);
  expectContext(head.envelope.core.context, options.context);
  const dataKey = await unwrapDataKey(head.envelope, options, at && { ...at, header: head.floeHeader });
  try {
    return new Unlocked(head, dataKey);
  } catch (error) {
    dataKey[Symbol.dispose]();
    throw error;
  }
}

/** FORMAT.md §10.3. */
export function checkSize({ size }: Metadata, actual: number): void {
  if (size === undefined || size === actual) return;
  if (actual < size) throw truncated();
  throw new WeightsealError(
    'PAYLOAD_TRAILING_DATA',
    'The file is longer than what was sealed; get a sound copy of it.',
  );
}

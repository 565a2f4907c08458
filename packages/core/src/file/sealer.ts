import { randomBytes } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import { type CoreDocument, makeCore, PAYLOAD_NAME } from '../format/core-document.js';
import { authenticateEnvelope, type Envelope, encodeEnvelope } from '../format/envelope.js';
import { copyCapacity } from '../format/envelope-copy.js';
import { type FloeMessage, startEncryption } from '../format/floe.js';
import { payloadKey } from '../format/kdf.js';
import { type Metadata, sealMetadata } from '../format/metadata.js';
import { DEFAULT_AREA, MAX_AREA, type Preamble, preambleFor } from '../format/preamble.js';
import { checkSegmentLength, DEFAULT_SEGMENT } from '../format/sizes.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import { DataKey } from '../keys/secret.js';
import { checkKeys, wrapForAll } from '../keys/wrap.js';
import { payloadAad, proven } from './unlock.js';

export interface SealerOptions {
  /** Who may open the file: any one of these keys will. 1 to 32. */
  readonly keys: readonly KeyWrapper[];
  /** What the file is bound to, in the clear: at most 64 pairs, 4 KiB. */
  readonly context?: Context | undefined;
  /** Bytes of an encrypted segment, 64 to 16,777,216; the default is 1 MiB of plaintext and 32 bytes. */
  readonly segmentLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The longest metadata that there can be: a file name has at most 255 bytes, escaped at most 6 times that. */
const METADATA_ROOM = 2048;

/** A new file's data key, and everything that follows from it. Holds keys until it is disposed of. */
export class Sealer implements Disposable {
  readonly core: CoreDocument;
  readonly preamble: Preamble;
  readonly message: FloeMessage;
  /** The payload's 74-byte header. */
  readonly floeHeader: Uint8Array<ArrayBuffer>;
  readonly slots: readonly KeySlot[];
  readonly #dataKey: DataKey;

  private constructor(
    dataKey: DataKey,
    core: CoreDocument,
    slots: readonly KeySlot[],
    segmentLength: number,
  ) {
    this.#dataKey = dataKey;
    this.core = core;
    this.slots = slots;
    this.preamble = preambleFor(areaFor(core, slots));
    const key = payloadKey(dataKey.bytes, core.id, PAYLOAD_NAME);
    try {
      const { header, message } = startEncryption(key, payloadAad(core), segmentLength);
      this.floeHeader = header;
      this.message = message;
    } finally {
      key.fill(0);
    }
  }

  static async create(options: SealerOptions): Promise<Sealer> {
    const { context = {}, segmentLength = DEFAULT_SEGMENT, signal } = options;
    const keys = checkKeys(options.keys);
    checkSegmentLength(segmentLength);
    const core = makeCore(randomBytes(16), context);
    const dataKey = DataKey.random();
    try {
      return new Sealer(dataKey, core, await wrapForAll(dataKey, keys, core.context, signal), segmentLength);
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  envelope(metadata: Metadata): Envelope {
    const sealed = sealMetadata(this.#dataKey.bytes, this.core, metadata);
    const parts = { generation: 1, core: this.core, slots: this.slots, metadata: sealed };
    const envelope = authenticateEnvelope(this.#dataKey.bytes, parts);
    return proven(this.#dataKey.bytes, envelope, this.floeHeader);
  }

  [Symbol.dispose](): void {
    this.#dataKey[Symbol.dispose]();
    this.message[Symbol.dispose]();
  }
}

/** FORMAT.md §12.3: room for about as many recipients again. */
function areaFor(core: CoreDocument, slots: readonly KeySlot[]): number {
  const draft = {
    generation: 1,
    core,
    slots,
    metadata: new Uint8Array(METADATA_ROOM),
    mac: new Uint8Array(48),
  };
  return areaForDocument(encodeEnvelope(draft).length);
}

export function areaForDocument(length: number): number {
  const wanted = Math.max(DEFAULT_AREA, Math.ceil((2 * length) / 4096) * 4096);
  if (length <= copyCapacity(MAX_AREA)) return Math.min(wanted, MAX_AREA);
  throw new WeightsealError(
    'ENVELOPE_FULL',
    'The recipients and the context do not fit into an envelope; name fewer keys.',
  );
}

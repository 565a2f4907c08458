import { randomBytes } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { concat, lengthPrefixed } from '../format/bytes.js';
import type { Context } from '../format/context.js';
import { type CoreDocument, makeCore } from '../format/core-document.js';
import {
  authenticateEnvelope,
  type Envelope,
  encodeEnvelope,
  parseAgain,
  verifyEnvelope,
} from '../format/envelope.js';
import { type FloeMessage, startDecryption, startEncryption } from '../format/floe.js';
import { label, tableKey } from '../format/kdf.js';
import { type Metadata, openMetadata, sealMetadata } from '../format/metadata.js';
import { MAX_ENVELOPE } from '../format/path.js';
import { DEFAULT_SEGMENT } from '../format/sizes.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import { DataKey } from '../keys/secret.js';
import { checkKeys, wrapForAll } from '../keys/wrap.js';
import type { Earlier, Job, Journal } from './journal.js';
import type { Done } from './journal-record.js';

export interface BundleSealerOptions {
  readonly keys: readonly KeyWrapper[];
  readonly context?: Context | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A new bundle's data key, and what follows from it. Holds keys until it is disposed of. */
export class BundleSealer implements Disposable {
  readonly core: CoreDocument;
  readonly slots: readonly KeySlot[];
  /** The table's 74-byte header, and what encrypts it. */
  readonly tableHeader: Uint8Array<ArrayBuffer>;
  readonly tableMessage: FloeMessage;
  readonly #dataKey: DataKey;

  private constructor(dataKey: DataKey, core: CoreDocument, slots: readonly KeySlot[]) {
    this.#dataKey = dataKey;
    this.core = core;
    this.slots = slots;
    const key = tableKey(dataKey.bytes, core.id);
    try {
      const { header, message } = startEncryption(key, tableAad(core), DEFAULT_SEGMENT);
      this.tableHeader = header;
      this.tableMessage = message;
    } finally {
      key.fill(0);
    }
  }

  /** With what one that was killed has left, where there is a journal of it; else with a new data key, of which the journal is from now on. */
  static async begin(
    options: BundleSealerOptions,
    journal: Journal | undefined,
    job: Job,
    resume: boolean,
  ): Promise<Begun> {
    const earlier = resume ? await journal?.earlier(job) : undefined;
    const again = earlier && (await BundleSealer.#again(options, earlier));
    if (earlier && again) {
      journal?.goOn();
      return new Begun(again, earlier);
    }
    const sealer = await BundleSealer.create(options);
    await journal?.begin(sealer.#dataKey.bytes, sealer.slots, job);
    return new Begun(sealer, undefined);
  }

  /** Undefined where a key has another version by now: whoever has changed it wants no data key that the old version opens. */
  static async #again(
    { keys, context = {}, signal }: BundleSealerOptions,
    earlier: Earlier,
  ): Promise<BundleSealer | undefined> {
    const core = makeCore(randomBytes(16), context, 'bundle');
    try {
      const slots = await wrapForAll(earlier.dataKey, keys, core.context, signal);
      if (earlier.slots.every((old) => slots.some((slot) => isSameVersion(slot, old))))
        return new BundleSealer(earlier.dataKey, core, slots);
    } catch (error) {
      earlier[Symbol.dispose]();
      throw error;
    }
    earlier[Symbol.dispose]();
    return undefined;
  }

  static async create({ keys, context = {}, signal }: BundleSealerOptions): Promise<BundleSealer> {
    checkKeys(keys);
    const core = makeCore(randomBytes(16), context, 'bundle');
    const dataKey = DataKey.random();
    try {
      return new BundleSealer(dataKey, core, await wrapForAll(dataKey, keys, core.context, signal));
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  /** The bytes of weightseal.json, once they have been shown to open. @throws ENVELOPE_FULL */
  envelope(table: { readonly size: number; readonly digest: Uint8Array }, metadata: Metadata): Uint8Array {
    const sealed = sealMetadata(this.#dataKey.bytes, this.core, metadata);
    const envelope = authenticateEnvelope(this.#dataKey.bytes, {
      generation: 1,
      core: this.core,
      slots: this.slots,
      metadata: sealed,
      table: { ...table, header: this.tableHeader },
    });
    return encodeProven(this.#dataKey.bytes, envelope);
  }

  [Symbol.dispose](): void {
    this.#dataKey[Symbol.dispose]();
    this.tableMessage[Symbol.dispose]();
  }
}

/** A sealer, and what was done before with its data key. */
export class Begun implements Disposable {
  readonly sealer: BundleSealer;
  readonly #earlier: Earlier | undefined;

  constructor(sealer: BundleSealer, earlier: Earlier | undefined) {
    this.sealer = sealer;
    this.#earlier = earlier;
  }

  get done(): readonly Done[] {
    return this.#earlier?.done ?? [];
  }

  [Symbol.dispose](): void {
    this.sealer[Symbol.dispose]();
    this.#earlier?.[Symbol.dispose]();
  }
}

function isSameVersion(slot: KeySlot, old: KeySlot): boolean {
  return slot.keyUri === old.keyUri && slot.keyVersion === old.keyVersion && slot.algorithm === old.algorithm;
}

/** FORMAT.md §19.2. */
export function tableAad(core: CoreDocument): Uint8Array {
  return concat(label('table'), lengthPrefixed(core.bytes));
}

/** @throws TABLE_TAMPERED's cause, PAYLOAD_HEADER_TAMPERED */
export function openTable(dataKey: Uint8Array, core: CoreDocument, header: Uint8Array): FloeMessage {
  const key = tableKey(dataKey, core.id);
  try {
    return startDecryption(key, tableAad(core), header);
  } finally {
    key.fill(0);
  }
}

/** An envelope as it will be read, once it has been shown to open with the data key. @throws ENVELOPE_FULL, what opening throws */
export function encodeProven(dataKey: Uint8Array, envelope: Envelope): Uint8Array {
  const again = parseAgain(envelope);
  verifyEnvelope(dataKey, again);
  openMetadata(dataKey, again.core, again.metadata);
  openTable(dataKey, again.core, again.table!.header)[Symbol.dispose]();
  const bytes = encodeEnvelope(again);
  if (bytes.length <= MAX_ENVELOPE) return bytes;
  throw new WeightsealError(
    'ENVELOPE_FULL',
    `The recipients and the context make an envelope of ${bytes.length} bytes, and a bundle's may have ${MAX_ENVELOPE}; name fewer keys.`,
  );
}

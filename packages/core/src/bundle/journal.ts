import { constants, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash, randomBytes } from '../common/crypto.js';
import { isWeightsealError } from '../errors.js';
import { lengthPrefixed, view } from '../format/bytes.js';
import { canonicalJson } from '../format/canonical-json.js';
import type { Context } from '../format/context.js';
import { makeCore } from '../format/core-document.js';
import { authenticateEnvelope, type Envelope, encodeEnvelope, parseEnvelope } from '../format/envelope.js';
import { sealMetadata } from '../format/metadata.js';
import type { KeySlot } from '../format/slot.js';
import type { FileSource } from '../io/byte-source.js';
import { type LockedFile, openLocked } from '../io/lock/file-lock.js';
import { writeAt } from '../io/output/output-file.js';
import { stateDirectory } from '../io/state-directory.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import type { DataKey } from '../keys/secret.js';
import { unwrapDataKey } from '../keys/unwrap.js';
import { type Done, journalKey, MAX_RECORD, openRecord, sealRecord } from './journal-record.js';
import { MAX_ENVELOPE } from './path.js';

const { O_RDWR, O_CREAT, O_NOFOLLOW = 0 } = constants;
const OTHERS = 0o077;
const TRIES = 3;

/** What an earlier seal to the same place has left: its data key, wrapped as it was, and the files that it had done. */
export interface Earlier {
  readonly dataKey: DataKey;
  readonly slots: readonly KeySlot[];
  readonly done: readonly Done[];
}

/**
 * What a seal remembers of its work, for the next one if it is killed: in the user's own state directory and not beside the output, since whoever writes to the storage must not be
 * able to give us a data key that he knows. Nothing in it can be read without a key of the recipients'.
 */
export class Journal implements AsyncDisposable {
  readonly #locked: LockedFile;
  #key: Uint8Array | undefined;
  #end = 0;
  #count = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(locked: LockedFile) {
    this.#locked = locked;
  }

  /** @param place what the output is, on this machine; undefined where there is no place for a journal: such a seal begins anew */
  static async open(
    place: string,
    signal: AbortSignal | undefined,
    onWait: (() => void) | undefined,
  ): Promise<Journal | undefined> {
    const directory = await stateDirectory('seals');
    if (directory === undefined) return undefined;
    const path = join(directory, createHash('sha256').update(place).digest('hex').slice(0, 32));
    // Whoever had it before removes it at its end.
    for (let left = TRIES; left > 0; left--) {
      const journal = await Journal.#openAt(path, signal, onWait);
      if (journal) return journal;
    }
    return undefined;
  }

  static async #openAt(
    path: string,
    signal: AbortSignal | undefined,
    onWait: (() => void) | undefined,
  ): Promise<Journal | undefined> {
    try {
      await (await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)).close();
      const locked = await openLocked(path, true, { signal, onWait });
      const { uid, mode } = await locked.file.stat();
      const ours =
        process.platform === 'win32' ||
        (Number(uid) === process.geteuid?.() && (Number(mode) & OTHERS) === 0);
      if (ours) return new Journal(locked);
      await locked[Symbol.asyncDispose]();
      return undefined;
    } catch (error) {
      if (isWeightsealError(error) && error.code === 'ABORTED') throw error;
      return undefined;
    }
  }

  /** What an earlier seal for the very same recipients and context has left; undefined where there is nothing that can be used. */
  async earlier(
    keys: readonly KeyWrapper[],
    context: Context,
    signal: AbortSignal | undefined,
  ): Promise<Earlier | undefined> {
    const bytes = await this.#bytes();
    const document = next(bytes, 0, MAX_ENVELOPE);
    if (!document) return undefined;
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(1, document);
    } catch {
      return undefined;
    }
    if (!isFor(envelope, keys, context)) return undefined;
    const dataKey = await unwrapDataKey(envelope, { keys, signal });
    this.#key = journalKey(dataKey.bytes, envelope.core.id);
    this.#end = 4 + document.length;
    const done: Done[] = [];
    for (
      let sealed = next(bytes, this.#end, MAX_RECORD);
      sealed;
      sealed = next(bytes, this.#end, MAX_RECORD)
    ) {
      const some = openRecord(this.#key, this.#count, sealed);
      if (!some) break;
      done.push(...some);
      this.#count++;
      this.#end += 4 + sealed.length;
    }
    return { dataKey, slots: envelope.slots, done };
  }

  /** Begins anew, for this data key. */
  async begin(dataKey: Uint8Array, slots: readonly KeySlot[], context: Context): Promise<void> {
    const core = makeCore(randomBytes(16), context);
    const metadata = sealMetadata(dataKey, core, {});
    const document = encodeEnvelope(authenticateEnvelope(dataKey, { generation: 1, core, slots, metadata }));
    await this.#file.handle.truncate(0);
    const bytes = lengthPrefixed(document);
    await writeAt(this.#file.handle, bytes, 0, 'the journal');
    this.#key = journalKey(dataKey, core.id);
    this.#end = bytes.length;
    this.#count = 0;
  }

  /** Remembers files that were done by one task. One call after another, in the order in which they come. */
  add(done: readonly Done[]): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const bytes = lengthPrefixed(sealRecord(this.#key!, this.#count++, done));
      await writeAt(this.#file.handle, bytes, this.#end, 'the journal');
      this.#end += bytes.length;
    });
    return this.#writing;
  }

  /** There is nothing to go on with any more. */
  async forget(): Promise<void> {
    await this.#file.handle.truncate(0);
    this.#end = 0;
    await rm(this.#file.path, { force: true });
  }

  get #file(): FileSource {
    return this.#locked.file;
  }

  async #bytes(): Promise<Uint8Array> {
    const { size } = await this.#file.stat();
    return await this.#file.readSome(0, Number(size));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    this.#key?.fill(0);
    // Of a seal that was refused before it began.
    if (this.#end === 0) await rm(this.#file.path, { force: true }).catch(() => {});
    await this.#locked[Symbol.asyncDispose]();
  }
}

function next(bytes: Uint8Array, at: number, most: number): Uint8Array | undefined {
  if (at + 4 > bytes.length) return undefined;
  const length = view(bytes).getUint32(at);
  return length <= most && at + 4 + length <= bytes.length
    ? bytes.subarray(at + 4, at + 4 + length)
    : undefined;
}

/** Others than were asked for now would be able to open it, or could not. */
function isFor({ core, slots }: Envelope, keys: readonly KeyWrapper[], context: Context): boolean {
  const same = Buffer.compare(canonicalJson(core.context), canonicalJson(context)) === 0;
  const uris = new Set(slots.map(({ keyUri }) => keyUri));
  return same && uris.size === keys.length && keys.every(({ uri }) => uris.has(uri));
}

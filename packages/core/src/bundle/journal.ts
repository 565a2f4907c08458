import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash, randomBytes } from '../common/crypto.js';
import { type ErrorCode, isWeightsealError } from '../errors.js';
import { concat, lengthPrefixed, view } from '../format/bytes.js';
import { canonicalJson } from '../format/canonical-json.js';
import type { Context } from '../format/context.js';
import { makeCore } from '../format/core-document.js';
import { authenticateEnvelope, type Envelope, encodeEnvelope, parseEnvelope } from '../format/envelope.js';
import { sealMetadata } from '../format/metadata.js';
import { MAX_ENVELOPE } from '../format/path.js';
import type { KeySlot } from '../format/slot.js';
import type { FileSource } from '../io/byte-source.js';
import type { LockedFile } from '../io/lock/file-lock.js';
import { openOwn } from '../io/lock/own-file.js';
import { divide } from '../io/output/directory.js';
import { writeAt } from '../io/output/output-file.js';
import { stateDirectory } from '../io/state-directory.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import type { DataKey } from '../keys/secret.js';
import { unwrapDataKey } from '../keys/unwrap.js';
import { type Done, journalKey, MAX_RECORD, openRecord, sealRecord } from './journal-record.js';

const TRIES = 3;
const MAX_PLACE = 8192;
const SOURCE = 32;
const LATER: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'KEY_TIMEOUT', 'KEY_UNAVAILABLE', 'KEY_THROTTLED']);
/** Where journals are, in the directory of what outlives a process. */
export const JOURNALS = 'seals';

/** What is under way, and of what: a seal and a reseal to one place know nothing of each other. */
export interface Job {
  readonly keys: readonly KeyWrapper[];
  readonly context: Context;
  /** What a reseal is of: the digest of the old bundle's envelope, and so of its table and all payloads. Empty for a seal. */
  readonly source: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** What an earlier one has left: its data key, wrapped as it was, and the files that it had done. */
export class Earlier implements Disposable {
  readonly dataKey: DataKey;
  readonly slots: readonly KeySlot[];
  readonly done: readonly Done[];

  constructor(dataKey: DataKey, slots: readonly KeySlot[], done: readonly Done[]) {
    this.dataKey = dataKey;
    this.slots = slots;
    this.done = done;
  }

  /** The data key too, unless somebody has taken that over, who disposes of it as well. */
  [Symbol.dispose](): void {
    this.dataKey[Symbol.dispose]();
    for (const { record } of this.done) record.key.fill(0);
  }
}

/**
 * What a seal remembers of its work, for the next one if it is killed: in the user's own state directory and not beside the output, since whoever writes to the storage must not be
 * able to give us a data key that he knows. Nothing in it can be read without a key of the recipients'.
 */
export class Journal implements AsyncDisposable {
  readonly #locked: LockedFile;
  readonly #place: string;
  /** What an earlier one has left stays until it is taken or given up. */
  #ours: boolean;
  #key: Uint8Array | undefined;
  #end = 0;
  #count = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(locked: LockedFile, place: string) {
    this.#locked = locked;
    this.#place = place;
    this.#ours = locked.file.size === 0;
  }

  /** Undefined where there is no place for a journal: such a seal begins anew. Waits for who has the same output. */
  static async open(
    output: string,
    signal: AbortSignal | undefined,
    onWait: (() => void) | undefined,
  ): Promise<Journal | undefined> {
    const directory = await stateDirectory(JOURNALS);
    if (directory === undefined) return undefined;
    const place = await placeOf(output);
    const path = join(directory, createHash('sha256').update(place).digest('hex').slice(0, 32));
    // Whoever had it before removes it at its end.
    for (let left = TRIES; left > 0; left--) {
      const locked = await openOwn(path, { signal, onWait });
      if (locked) return new Journal(locked, place);
    }
    return undefined;
  }

  /** What an earlier one has left of the very same job; undefined where there is nothing that can be used. @throws what the keys throw that give nothing now, ABORTED */
  async earlier(job: Job): Promise<Earlier | undefined> {
    const bytes = await this.#bytes();
    const head = readHead(bytes);
    if (!head || head.place !== this.#place || Buffer.compare(head.source, job.source) !== 0)
      return undefined;
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(1, head.document);
    } catch {
      return undefined;
    }
    if (!isFor(envelope, job)) return undefined;
    const dataKey = await unwrapDataKey(envelope, job).catch((error: unknown) => {
      if (mayGiveLater(error)) throw error;
      // By a key that is another one by now, under the same name.
      return undefined;
    });
    if (!dataKey) return undefined;
    this.#key = journalKey(dataKey.bytes, envelope.core.id, job.source);
    this.#end = head.end;
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
    return new Earlier(dataKey, envelope.slots, done);
  }

  /** Goes on with what `earlier` has found: an error leaves nothing from here on. */
  goOn(): void {
    this.#ours = true;
  }

  /** Begins anew, for this data key. */
  async begin(dataKey: Uint8Array, slots: readonly KeySlot[], { context, source }: Job): Promise<void> {
    const core = makeCore(randomBytes(16), context);
    const metadata = sealMetadata(dataKey, core, {});
    const document = encodeEnvelope(authenticateEnvelope(dataKey, { generation: 1, core, slots, metadata }));
    this.#ours = true;
    this.#key?.fill(0);
    await this.#file.handle.truncate(0);
    const bytes = concat(...[Buffer.from(this.#place), source, document].map(lengthPrefixed));
    await writeAt(this.#file.handle, bytes, 0, 'the journal');
    this.#key = journalKey(dataKey, core.id, source);
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

  get #file(): FileSource {
    return this.#locked.file;
  }

  async #bytes(): Promise<Uint8Array> {
    const { size } = await this.#file.stat();
    return await this.#file.readSome(0, Number(size));
  }

  /** There is nothing to go on with any more, whether the work is done or has failed: only who is killed leaves a journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    this.#key?.fill(0);
    if (this.#ours) await rm(this.#file.path, { force: true }).catch(() => {});
    await this.#locked[Symbol.asyncDispose]();
  }
}

/** What the output is, whatever way leads there. */
async function placeOf(output: string): Promise<string> {
  const { before, name } = divide(output.replace(/(?<=[^/])\/+$/, ''));
  const above = await realpath(before === '' ? '.' : before).catch(() => before);
  return `${above.replace(/\/$/, '')}/${name}`;
}

/** What the output of a journal is, of which these bytes are the beginning. */
export function placeIn(bytes: Uint8Array): string | undefined {
  const place = next(bytes, 0, MAX_PLACE);
  return place && Buffer.from(place).toString();
}

function readHead(
  bytes: Uint8Array,
): { place: string; source: Uint8Array; document: Uint8Array; end: number } | undefined {
  let end = 0;
  const [place, source, document] = [MAX_PLACE, SOURCE, MAX_ENVELOPE].map((most) => {
    const part = next(bytes, end, most);
    end += 4 + (part?.length ?? 0);
    return part;
  });
  if (!place || !source || !document) return undefined;
  return { place: Buffer.from(place).toString(), source, document, end };
}

function next(bytes: Uint8Array, at: number, most: number): Uint8Array | undefined {
  if (at + 4 > bytes.length) return undefined;
  const length = view(bytes).getUint32(at);
  return length <= most && at + 4 + length <= bytes.length
    ? bytes.subarray(at + 4, at + 4 + length)
    : undefined;
}

/** Others than were asked for now would be able to open it, or could not. */
function isFor({ core, slots }: Envelope, { keys, context }: Job): boolean {
  if (Buffer.compare(canonicalJson(core.context), canonicalJson(context)) !== 0) return false;
  const has = ({ uri, provider }: KeyWrapper): boolean =>
    slots.some((slot) => slot.keyUri === uri && slot.provider === provider);
  return (
    slots.length === keys.length &&
    new Set(keys.map(({ uri }) => uri)).size === keys.length &&
    keys.every(has)
  );
}

/** What says of a key that it gives nothing now: what was done before would be lost for an outage. */
function mayGiveLater(error: unknown): boolean {
  if (!isWeightsealError(error)) return true;
  const { code, failures = [] } = error;
  return LATER.has(code) || failures.some((one) => LATER.has(one.code));
}

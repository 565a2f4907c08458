import { type StoreLocation, uriOf } from '../store/location.js';
import type { PartRules, WriteCondition } from '../store/object-store.js';
import { ObjectUpload, type UploadOptions } from '../store/object-upload.js';
import { codeOf } from '../store/outcome.js';
import type { OpenPiece } from './piece.js';
import { type Begun, type Earlier, UploadRecord } from './upload-record.js';

/** What says that nobody can go on with an upload, or that who asks may not: then it is begun anew. */
const ANEW: readonly unknown[] = [
  'INPUT_NOT_FOUND',
  'STORE_DENIED',
  'STORE_RESPONSE_INVALID',
  'STORE_UNSUPPORTED',
];
/** What may be over the next time. */
const PASSES: readonly unknown[] = [
  'ABORTED',
  'IO_ERROR',
  'STORE_DENIED',
  'STORE_THROTTLED',
  'STORE_TIMEOUT',
  'STORE_UNAVAILABLE',
];

/** What says that the object is not to be written any more: nothing can come of the upload. */
const LOST: readonly unknown[] = ['OUTPUT_EXISTS', 'INPUT_CHANGED'];

export interface KeptOf {
  readonly open: OpenPiece;
  readonly to: StoreLocation;
  readonly condition: WriteCondition;
  readonly signal: AbortSignal;
  /** How an upload with these rules is to be made. */
  plan(rules: PartRules, canCopy: boolean): Pick<Begun, 'partBytes' | 'copies'>;
}

type Shape = Pick<Begun, 'partBytes' | 'copies'>;

/** An upload of a copy, which the next one to the same place goes on with when this one is cut off, or ends with what may pass. */
export class KeptUpload implements AsyncDisposable {
  readonly upload: ObjectUpload;
  readonly partBytes: number;
  readonly copies: boolean;
  readonly #record: UploadRecord | undefined;
  #passes = false;

  private constructor(upload: ObjectUpload, { partBytes, copies }: Shape, record: UploadRecord | undefined) {
    this.upload = upload;
    this.partBytes = partBytes;
    this.copies = copies;
    this.#record = record;
  }

  /** @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold already, STORE_UNSUPPORTED, ABORTED, and what the store throws */
  static async begin(of: KeptOf): Promise<KeptUpload> {
    const record = await recordOf(of);
    try {
      if (record?.outdated) await giveUp(of, record.outdated);
      const earlier = record?.earlier && (await goOn(of, record, record.earlier));
      if (earlier) return new KeptUpload(earlier, record!.earlier!, record);
      const { upload, shape } = await begin(of, record);
      return new KeptUpload(upload, shape, record);
    } catch (error) {
      if (LOST.includes(codeOf(error))) {
        if (record?.earlier) await giveUp(of, record.earlier);
        record?.forget();
      }
      await record?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it ends with, where that is no success. */
  failed(error: unknown): void {
    this.#passes = PASSES.includes(codeOf(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#passes && (await this.#record?.isWritten())) this.upload.leave();
    else this.#record?.forget();
    await this.upload[Symbol.asyncDispose]();
    await this.#record?.[Symbol.asyncDispose]();
  }
}

async function recordOf({ open, to, condition, signal }: KeptOf): Promise<UploadRecord | undefined> {
  if (!to.store.resume || !open.identity) return undefined;
  const [from, size] = [await open.identity(), open.source.size];
  return await UploadRecord.open({ to: uriOf(to), from, size, condition: JSON.stringify(condition) }, signal);
}

async function begin(of: KeptOf, record: UploadRecord | undefined) {
  let shape: Shape | undefined;
  const upload = await ObjectUpload.begin(
    of.to,
    optionsOf(of, record, () => shape),
  );
  try {
    shape = of.plan(upload.rules, upload.canCopy);
  } catch (error) {
    await upload[Symbol.asyncDispose]();
    throw error;
  }
  if (upload.ticket !== undefined) record?.write({ ...shape, ticket: upload.ticket });
  return { upload, shape };
}

/** Undefined where it has to be begun anew. */
async function goOn(of: KeptOf, record: UploadRecord, earlier: Earlier): Promise<ObjectUpload | undefined> {
  const options = optionsOf(of, record, () => earlier);
  return await ObjectUpload.goOn(of.to, earlier, options).catch((error: unknown) => {
    if (ANEW.includes(codeOf(error))) return undefined;
    throw error;
  });
}

/** What nobody goes on with is on somebody's bill. */
async function giveUp({ to, signal }: KeptOf, earlier: Earlier): Promise<void> {
  try {
    await (await ObjectUpload.goOn(to, earlier, { signal }))[Symbol.asyncDispose]();
  } catch {
    // It is gone, or stays for a sweep.
  }
}

function optionsOf(
  { open, condition, signal }: KeptOf,
  record: UploadRecord | undefined,
  shape: () => Shape | undefined,
): UploadOptions {
  let last: string | undefined;
  return {
    size: open.source.size,
    condition,
    signal,
    copyOf: open.source,
    onTicket(ticket) {
      if (ticket === undefined || ticket === last) return;
      last = ticket;
      record?.write({ ...shape()!, ticket });
    },
  };
}

import { type OnProgress, progressCounter } from '../common/progress.js';
import { concat } from '../format/bytes.js';
import { planCopy } from './copy-plan.js';
import type { ObjectSource } from './object-source.js';
import type { StoredObject } from './object-store.js';
import { ObjectUpload, type UploadOptions } from './object-upload.js';
import { ObjectWriter } from './object-writer.js';
import { codeOf } from './outcome.js';
import { readAhead } from './read-ahead.js';
import { tuned } from './tuning.js';

/** What a change of an object's beginning has cost, in bytes. */
export interface Moved {
  /** Read from the store. */
  readonly read: number;
  /** Sent to it. */
  readonly written: number;
  /** Copied by the store itself. */
  readonly copied: number;
}

export interface ReplaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of the bytes of what stays, however they get there. */
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Gives an object another beginning: what stood before `from` makes way for `head`. It is replaced in one step, and only if it is still what was opened. A small one is read and written; of a
 * larger one the store copies what stays, where it can, but for the few bytes that must share a part with the head; else all of it comes here and goes back.
 *
 * @throws INPUT_CHANGED when it is another by now, and what the store throws
 */
export async function replaceHead(
  source: ObjectSource,
  from: number,
  head: Uint8Array,
  { signal, onProgress }: ReplaceOptions,
): Promise<Moved & { readonly object: StoredObject }> {
  const { location, object } = source;
  const size = head.length + source.size - from;
  const progress = progressCounter(source.size - from, onProgress);
  const options: UploadOptions = { size, condition: { ifVersion: object.version }, signal };
  const work: Work = { source, from, head, options, progress };
  if (size <= tuned(location.tuning).partBytes)
    return await through(work, await ObjectWriter.create(location, options));
  const upload = await ObjectUpload.begin(location, options);
  if (upload.canCopy) {
    try {
      return await copied(work, upload);
    } catch (error) {
      // Some that speak the language of a store do not know this word of it.
      if (codeOf(error) !== 'STORE_UNSUPPORTED') throw error;
    }
    return await through(work, await ObjectWriter.create(location, options));
  }
  return await through(work, await ObjectWriter.over(upload, location, options));
}

interface Work {
  readonly source: ObjectSource;
  readonly from: number;
  readonly head: Uint8Array;
  readonly options: UploadOptions;
  readonly progress: (bytes: number) => void;
}

type Done = Moved & { readonly object: StoredObject };

async function copied({ source, from, head, options, progress }: Work, given: ObjectUpload): Promise<Done> {
  await using upload = given;
  const plan = planCopy(upload.rules, { size: source.size, from, head: head.length });
  const bytes = concat(head, await source.read(from, plan.through, { signal: options.signal }));
  await upload.send({ index: 0, offset: 0, bytes, last: plan.copies.length === 0 });
  for (const copy of plan.copies) await upload.copy({ ...copy, from: source.object });
  const object = await upload.complete();
  // Nobody knows how far a store is that copies.
  progress(source.size - from);
  return {
    object,
    read: plan.through,
    written: bytes.length,
    copied: source.size - from - plan.through,
  };
}

async function through({ source, from, head, options, progress }: Work, given: ObjectWriter): Promise<Done> {
  await using writer = given;
  await writer.write(head);
  for await (const piece of readAhead(source, from, source.size, options.signal)) {
    await writer.write(piece);
    progress(piece.length);
  }
  const object = await writer.complete();
  return { object, read: source.size - from, written: object.size, copied: 0 };
}

import { invalidArgument } from '../common/arguments.js';
import { progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import { recipientOf } from '../file/inspect.js';
import { recipientsAfter } from '../file/reseal-rules.js';
import { freshRecords } from '../format/records.js';
import { isLocation } from '../store/location.js';
import { isFile } from './entry.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { PrefixWriter } from './prefix-writer.js';
import { releaseAfterBundle } from './previous.js';
import type { ResealBundleOptions, ResealedBundle } from './reseal.js';
import { resealObjects } from './reseal-objects.js';
import { BundleSealer } from './sealer.js';
import { plaintextOf } from './select.js';
import { Table } from './table.js';
import { unlockBundle } from './unlock.js';

/** A reseal to another place, below which nothing is yet: from a store or a directory, in a stream. The old bundle stays as it is. */
export async function resealToStore(
  given: BundleGiven,
  options: ResealBundleOptions,
): Promise<ResealedBundle> {
  const { output: location, signal } = options;
  if (location === undefined)
    throw invalidArgument(
      'A bundle in a store is not replaced in its place, since readers would find parts of two; say where the new one is to be, by a prefix of its own (`output`).',
    );
  if (!isLocation(location))
    throw invalidArgument(
      'The option `output` of resealBundle is a place in a store; a directory is resealed in its place.',
    );
  await using storage = await openStorage(given, { cached: true, forFiles: 'reseal', signal });
  await PrefixWriter.checkEmpty(location, signal);
  warmForFiles();
  const old = await unlockBundle(storage, { ...options, whole: true });
  using oldTable = old.table;
  const { entries, records } = oldTable;
  await storage.findExtra(entries, false);
  await storage.lookAt(entries, records, signal);
  const { core, slots } = old.envelope;
  const keys = recipientsAfter(slots, options);
  using sealer = await BundleSealer.create({ keys, context: core.context, signal });
  await using out = await PrefixWriter.claim(location, signal);
  const files = entries.filter(isFile);
  using table = new Table(entries, freshRecords(files.length));
  const progress = progressCounter(plaintextOf(entries), options.onProgress);
  await resealObjects(files, { storage, records, newRecords: table.records, out, signal, progress });
  const release = await releaseAfterBundle(options.release, storage, old.envelope, signal);
  await out.publish(sealer, table, old.metadata, release);
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    recipients: sealer.slots.map(recipientOf),
    members: entries.length,
    size: plaintextOf(entries),
    resumed: 0,
  };
}

import { checkPath, invalidArgument } from '../common/arguments.js';
import { progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import { freshRecords } from '../format/records.js';
import { DEFAULT_SEGMENT } from '../format/sizes.js';
import type { StoreLocation } from '../store/location.js';
import { type Entry, isFile } from './entry.js';
import { PrefixWriter } from './prefix-writer.js';
import { releaseAfterReuse } from './previous.js';
import { reuseObjects } from './reuse-objects.js';
import { metadataOf, openRoot, plainItem, readInput, sealedBundle, without } from './seal-input.js';
import { sealObjects } from './seal-objects.js';
import { checkPlain } from './sealed-already.js';
import { BundleSealer } from './sealer.js';
import { Table } from './table.js';
import type { SealBundleOptions, SealedBundle } from './types.js';

/** Seals a directory into objects below a prefix, below which nothing is yet. It is a bundle when the last of them, the envelope, is there. */
export async function sealToStore(
  directory: string | URL,
  location: StoreLocation,
  options: SealBundleOptions,
): Promise<SealedBundle> {
  const path = checkPath(directory, 'The directory to seal');
  const { signal, segmentLength = DEFAULT_SEGMENT } = options;
  if (options.overwrite)
    throw invalidArgument(
      'A bundle in a store is not replaced in its place, since readers would find parts of two; seal each version to a prefix of its own.',
    );
  await using root = await openRoot(path);
  if (!options.sealAgain) await checkPlain(root, path);
  await PrefixWriter.checkEmpty(location, signal);
  const input = await readInput(root, path, options);
  const { plan } = input;
  warmForFiles();
  using sealer = await BundleSealer.create(options);
  await using out = await PrefixWriter.claim(location, signal);
  using table = new Table(plan.entries, freshRecords(plan.sources.count));
  const progress = progressCounter(plan.size, options.onProgress);
  const itemOf = (entry: Entry) => plainItem(entry, plan);
  const work = { from: root.path, out, records: table.records, segmentLength, signal, progress, itemOf };
  const files = plan.entries.filter(isFile);
  const { keys, trust, reuse } = options;
  const reused = reuse === undefined ? [] : await reuseObjects(files, reuse, { keys, trust, signal }, work);
  await sealObjects(without(files, reused), work);
  const release = await releaseAfterReuse(options.release, reuse, signal);
  const documents = await out.publish(sealer, table, metadataOf(path, options), release);
  return sealedBundle(input, sealer, table, documents, { resumed: 0, reused: reused.length });
}

import { createHash, timingSafeEqual } from '../common/crypto.js';
import { atOnce } from '../engine/at-once.js';
import { isWeightsealError } from '../errors.js';
import { recordAt } from '../format/records.js';
import { copyWithin } from '../store/copy-within.js';
import { readAhead } from '../store/read-ahead.js';
import { type Alike, alikeIn } from './alike.js';
import { BundlePrefix } from './bundle-prefix.js';
import type { Looking } from './each.js';
import { type Entry, fileOf } from './entry.js';
import { takeOver } from './keep.js';
import { fileSizeOf } from './member-payload.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import type { PrefixWriter } from './prefix-writer.js';
import type { BundleStorage } from './storage.js';
import type { UnlockBundleOptions } from './unlock.js';

/** Each is one request of the store, or comes here and goes back. */
const AT_ONCE = 4;

export interface ReuseObjectsWork extends Looking {
  readonly from: string;
  readonly out: PrefixWriter;
  readonly progress: (bytes: number) => void;
}

/**
 * Files that another bundle has too: their payloads get there without being sealed. What lies in the same store is copied in it, and is not looked at; all else is compared with what the other bundle's
 * table says of it (FORMAT.md §21.5), and sealed if it is not that.
 */
export async function reuseObjects(
  files: readonly Entry[],
  bundle: BundleGiven,
  options: UnlockBundleOptions,
  work: ReuseObjectsWork,
): Promise<Entry[]> {
  const { signal, records, progress } = work;
  await using storage = await openStorage(bundle, { cached: true, signal });
  using alike = await alikeIn(storage, files, options, work);
  const brought: Entry[] = [];
  await atOnce(alike.pairs, AT_ONCE, signal, async ({ entry, same }) => {
    if (!(await bring(storage, entry, same, alike, work))) return;
    takeOver(recordAt(records, entry.record), recordAt(alike.records, same.record));
    brought.push(entry);
    progress(entry.size);
  });
  return brought;
}

async function bring(
  storage: BundleStorage,
  entry: Entry,
  same: Entry,
  { records }: Alike,
  { out, signal }: ReuseObjectsWork,
): Promise<boolean> {
  const size = fileSizeOf(same, records);
  try {
    if (storage instanceof BundlePrefix) {
      const from = await storage.object(fileOf(same), size, signal);
      if (await copyWithin(from, out.placeOf(fileOf(entry)), signal)) return true;
    }
    await using source = await storage.openMember(fileOf(same), size, signal);
    await using writer = await out.create(fileOf(entry), size);
    const hash = createHash('sha256');
    for await (const piece of readAhead(source, 0, size, signal)) {
      hash.update(piece);
      await writer.write(piece);
    }
    if (!timingSafeEqual(hash.digest(), recordAt(records, same.record).sealedDigest)) return false;
    await writer.complete();
    return true;
  } catch (error) {
    // What is not there any more, or is another, is sealed.
    if (isWeightsealError(error) && error.class === 'integrity') return false;
    throw error;
  }
}

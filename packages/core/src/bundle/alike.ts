import { recordAt } from '../format/records.js';
import { each, type Looking } from './each.js';
import type { Entry } from './entry.js';
import { sealError } from './member-error.js';
import type { BundleStorage } from './storage.js';
import { type UnlockBundleOptions, unlockBundle } from './unlock.js';

/** Files that are to be sealed, and that another bundle has too: each with its line there. Holds that bundle's keys until it is disposed of. */
export interface Alike extends Disposable {
  readonly pairs: readonly { readonly entry: Entry; readonly same: Entry }[];
  readonly records: SharedArrayBuffer;
}

/** Looks for them, by their digests. @param work where the plaintext is, and the records of what is to be sealed */
export async function alikeIn(
  storage: BundleStorage,
  files: readonly Entry[],
  options: UnlockBundleOptions,
  work: Looking & { readonly from: string },
): Promise<Alike> {
  const { table } = await unlockBundle(storage, options);
  try {
    const sizes = new Set<number>();
    const payloads = new Map<string, Entry>();
    for (const entry of table.entries) {
      if (entry.kind !== 'sealed') continue;
      sizes.add(entry.size);
      payloads.set(contentOf(entry, table.records), entry);
    }
    const candidates = files.filter(({ kind, size }) => kind === 'sealed' && sizes.has(size));
    await each(candidates, work, 'digest', work.from, (entry, failed) => {
      if (failed) throw sealError(failed, entry.path);
    });
    const pairs = candidates.flatMap((entry) => {
      const same = payloads.get(contentOf(entry, work.records));
      return same ? [{ entry, same }] : [];
    });
    return { pairs, records: table.records, [Symbol.dispose]: () => table[Symbol.dispose]() };
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}

function contentOf({ size, record }: Entry, records: SharedArrayBuffer): string {
  return `${size} ${Buffer.from(recordAt(records, record).digest).toString('hex')}`;
}

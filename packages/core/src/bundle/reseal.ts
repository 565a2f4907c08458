import { stat } from 'node:fs/promises';
import { checkPath } from '../common/arguments.js';
import { randomFillSync } from '../common/crypto.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import { ioError, throwIfAborted } from '../errors.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import { recipientsAfter } from '../file/reseal.js';
import { recordAt, recordMemory } from '../format/records.js';
import { followLinks } from '../io/follow-links.js';
import { openLocked } from '../io/lock/file-lock.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { checkChange } from '../keys/recipients.js';
import { BundleDirectory } from './bundle-directory.js';
import { findExtra } from './closed-world.js';
import { isFile } from './entry.js';
import { readEnvelope } from './head.js';
import { openBundle } from './open.js';
import { ENVELOPE_NAME } from './path.js';
import { resealMembers } from './reseal-members.js';
import { checkStill } from './rewrap.js';
import { BundleSealer } from './sealer.js';
import { plaintextOf } from './select.js';
import { makeDirectories, syncBundle, writeDocuments } from './staging.js';
import { Table } from './table.js';
import type { RewrapBundleOptions } from './types.js';
import { unlockBundle } from './unlock.js';

export interface ResealBundleOptions extends RewrapBundleOptions {
  /** Counts every byte twice: once encrypted, once verified. */
  readonly onProgress?: OnProgress | undefined;
}

export interface ResealedBundle {
  /** The new bundle's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly recipients: readonly Recipient[];
  readonly members: number;
  /** Bytes of plaintext. */
  readonly size: number;
}

const PERMISSIONS = 0o777;

/**
 * Gives a bundle a new data key, and every payload a new key: all is decrypted and encrypted anew in memory, beside the old bundle, which stays as it is until the new one has been verified
 * from its first byte to its last. Whoever had the old keys cannot open the new bundle. FORMAT.md §25.4.
 *
 * @throws RECIPIENT_REQUIRED when a recipient would silently be lost, MEMBER_EXTRA for what would be lost with the old directory, and what sealing and opening throw
 */
export async function resealBundle(
  directory: string | URL,
  options: ResealBundleOptions,
): Promise<ResealedBundle> {
  checkChange(options, 'resealBundle');
  const given = checkPath(directory, 'The bundle');
  const path = await followLinks(given).catch((error: unknown) => {
    throw ioError(error, `open ${given}`);
  });
  const { signal, hedgeMs } = options;
  await using root = await BundleDirectory.open(path, { forFiles: 'reseal' });
  await readEnvelope(root, path);
  await using locked = await openLocked(root.directory.at(ENVELOPE_NAME), false, options);
  // Before a key is asked: whether the new one can be made there.
  await using out = await OutputDirectory.create(path, true, (await stat(root.from)).mode & PERMISSIONS);
  warmForFiles();
  const { document } = await readEnvelope(root, path);
  const old = await unlockBundle(root, path, options);
  using oldTable = old.table;
  const { entries } = oldTable;
  await findExtra(root.directory, entries, false);
  const { core, slots } = old.envelope;
  const keys = recipientsAfter(slots, options);
  using sealer = await BundleSealer.create({ keys, context: core.context, signal });
  using table = new Table(entries, freshRecords(entries.filter(isFile).length));
  const progress = progressCounter(2 * plaintextOf(entries), options.onProgress);
  await makeDirectories(out.place, entries);
  await resealMembers(entries.filter(isFile), {
    from: root.from,
    to: out.place.path,
    records: oldTable.records,
    newRecords: table.records,
    signal,
    progress,
  });
  await writeDocuments(out.place, sealer, table, old.metadata);
  await using written = await openBundle(out.place.path, { keys, context: core.context, signal, hedgeMs });
  let told = 0;
  await written.verify({
    signal,
    onProgress: ({ bytes }) => {
      progress(bytes - told);
      told = bytes;
    },
  });
  throwIfAborted(signal);
  // What takes long comes before the last look: a rewrap or another bundle meanwhile must not be undone.
  await syncBundle(out.place, entries);
  await checkStill(locked.file, document);
  await out.publish();
  const members = entries.length;
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    recipients: sealer.slots.map(recipientOf),
    members,
    size: plaintextOf(entries),
  };
}

function freshRecords(count: number): SharedArrayBuffer {
  const records = recordMemory(count);
  for (let index = 0; index < count; index++) {
    const { key, id } = recordAt(records, index);
    randomFillSync(key);
    randomFillSync(id);
  }
  return records;
}

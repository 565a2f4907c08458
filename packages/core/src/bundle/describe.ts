import { recordAt } from '../format/records.js';
import { type Entry, fileOf } from './entry.js';
import { fileSizeOf } from './member-payload.js';
import { plaintextOf } from './select.js';
import type { BundleMember, OpenedBundle } from './types.js';
import type { UnlockedBundle } from './unlock.js';

/** What a bundle says of itself, and of these of its members. */
export function describe(
  { envelope, metadata }: UnlockedBundle,
  entries: readonly Entry[],
  more: Pick<OpenedBundle, 'digestVerified' | 'extra'>,
): OpenedBundle {
  const { name, created } = metadata;
  return {
    id: Buffer.from(envelope.core.id).toString('hex'),
    context: envelope.core.context,
    ...(name !== undefined && { name }),
    ...(created !== undefined && { created }),
    members: entries.length,
    size: plaintextOf(entries),
    ...more,
  };
}

export function memberOf(entry: Entry, records: SharedArrayBuffer): BundleMember {
  const { kind, path, size, executable, target, record } = entry;
  if (kind === 'directory') return { kind, path };
  if (kind === 'link') return { kind, path, target: target! };
  const digest = `sha256:${Buffer.from(recordAt(records, record).digest).toString('hex')}`;
  return { kind, path, size, executable, digest, file: fileOf(entry), fileSize: fileSizeOf(entry, records) };
}

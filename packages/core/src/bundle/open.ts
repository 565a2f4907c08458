import { checkKinds } from '../common/arguments.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import type { Context } from '../format/context.js';
import { openTableFile, readEnvelope } from './head.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { BundleReader } from './reader.js';
import type { StoredFile } from './storage.js';
import type { OpenBundleOptions, OpenedBundle, OpenMembersOptions } from './types.js';

/**
 * Opens a bundle: authenticates its envelope and its table, looks that nothing stands in its directory, or below its place in a store, that the table does not name, and reads no member yet.
 *
 * @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION, CONTEXT_MISMATCH, what the keys throw, ENVELOPE_TAMPERED, METADATA_TAMPERED, TABLE_TAMPERED, TABLE_INVALID,
 *   PATH_INVALID, LINK_INVALID, MEMBER_MISSING for the table, MEMBER_EXTRA
 */
export function openBundle(given: BundleGiven, options: OpenBundleOptions): Promise<BundleReader> {
  return BundleReader.open(given, options);
}

/** Opens a bundle, authenticates all of it, and writes nothing. @throws like `openBundle` and `BundleReader.verify` */
export async function verifyBundle(
  given: BundleGiven,
  options: OpenBundleOptions & OpenMembersOptions,
): Promise<OpenedBundle> {
  const { only, digest, onProgress, ...rest } = checkKinds(options, 'verifyBundle');
  await using reader = await BundleReader.open(given, { ...rest, whole: only === undefined }, 'verify');
  return await reader.verify({ only, digest, onProgress, signal: rest.signal });
}

/** What a bundle shows to anyone. None of it is authenticated: only a key can tell whether it is true. */
export interface BundleInspection {
  readonly formatVersion: 1;
  readonly algorithm: string;
  /** The bundle's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly context: Context;
  readonly recipients: readonly Recipient[];
  /** How often the envelope has been written. */
  readonly generation: number;
  /** Bytes of the sealed member table. */
  readonly tableSize: number;
  /** `sha256:…` of the sealed member table, as the envelope says. */
  readonly tableDigest: string;
  /** What lies in the bundle's directory, or under its prefix, besides envelope and table, by its path: payloads, public members, and whatever was put there. Nothing of it is opened. */
  readonly files: readonly StoredFile[];
  /** Where it is not known what lies there: a web server tells nobody what it has. There are no `files` then. */
  readonly unlisted?: true;
  /** Bytes of all that: files, table and envelope. */
  readonly sealedSize: number;
}

/** Tells what a bundle shows without a key. @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION, MEMBER_MISSING, TABLE_TAMPERED, IO_ERROR, ABORTED */
export async function inspectBundle(
  given: BundleGiven,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<BundleInspection> {
  checkKinds(options, 'inspectBundle');
  const { signal } = options;
  await using storage = await openStorage(given, { cached: true, forFiles: 'inspect', signal });
  const { envelope, document } = await readEnvelope(storage, signal);
  await using _table = await openTableFile(storage, envelope, signal);
  const { core, slots, generation, table } = envelope;
  const found = await storage.files(signal);
  const files = found ?? [];
  return {
    formatVersion: 1,
    algorithm: core.algorithm,
    id: Buffer.from(core.id).toString('hex'),
    context: core.context,
    recipients: slots.map(recipientOf),
    generation,
    tableSize: table!.size,
    tableDigest: `sha256:${Buffer.from(table!.digest).toString('hex')}`,
    files,
    ...(found === undefined && { unlisted: true }),
    sealedSize: files.reduce((sum, one) => sum + one.sealedSize, document.length + table!.size),
  };
}

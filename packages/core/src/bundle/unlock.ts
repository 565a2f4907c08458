import { isWeightsealError } from '../errors.js';
import { type Context, expectContext } from '../format/context.js';
import type { Envelope } from '../format/envelope.js';
import type { FloeMessage } from '../format/floe.js';
import { type Metadata, openMetadata } from '../format/metadata.js';
import type { ByteSource } from '../io/byte-source.js';
import { type UnwrapOptions, unwrapDataKey } from '../keys/unwrap.js';
import { checkKeys } from '../keys/wrap.js';
import { openTableFile, readEnvelope } from './head.js';
import { openTable } from './sealer.js';
import { type BundleStorage, releasePlace, type Wanted } from './storage.js';
import { readTable, type Table, tableTampered } from './table.js';

export interface UnlockBundleOptions extends UnwrapOptions, Wanted {
  readonly context?: Context | undefined;
}

/** A bundle whose envelope and table have been authenticated. */
export interface UnlockedBundle {
  readonly envelope: Envelope;
  readonly metadata: Metadata;
  /** Holds the keys of all payloads: whoever unlocks disposes of it. */
  readonly table: Table;
}

/** FORMAT.md §25.1, steps 1 to 6. The data key is zeroed again before this returns: the table has all that is needed. */
export async function unlockBundle(
  storage: BundleStorage,
  options: UnlockBundleOptions,
): Promise<UnlockedBundle> {
  const { envelope } = await readEnvelope(storage, options.signal);
  await using file = await openTableFile(storage, envelope, options.signal);
  checkKeys(options.keys);
  expectContext(envelope.core.context, options.context);
  using dataKey = await unwrapDataKey(envelope, options, releasePlace(storage, options));
  const metadata = openMetadata(dataKey.bytes, envelope.core, envelope.metadata);
  using message = messageOf(dataKey.bytes, envelope);
  return { envelope, metadata, table: await readWhole(file, envelope, message, options.signal) };
}

function messageOf(dataKey: Uint8Array, { core, table }: Envelope): FloeMessage {
  try {
    return openTable(dataKey, core, table!.header);
  } catch (error) {
    throw isWeightsealError(error) ? tableTampered('its header does not authenticate', error) : error;
  }
}

async function readWhole(
  file: ByteSource,
  { table }: Envelope,
  message: FloeMessage,
  signal: AbortSignal | undefined,
): Promise<Table> {
  return await readTable(file, message, table!.digest, table!.header, signal);
}

import { type Envelope, parseBundleEnvelope } from '../format/envelope.js';
import { envelopeInvalid } from '../format/envelope-invalid.js';
import { ENVELOPE_NAME, MAX_ENVELOPE } from '../format/path.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { readExactly } from '../io/byte-source.js';
import type { BundleStorage, OpenFile } from './storage.js';
import { tableTampered } from './table.js';

/** FORMAT.md §25.1, step 1: the envelope, with no key touched. @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export async function readEnvelope(
  storage: BundleStorage,
  signal?: AbortSignal,
): Promise<{ envelope: Envelope; document: Uint8Array }> {
  const document = await storage.readEnvelope(signal);
  return { document, envelope: parseBundleEnvelope(document) };
}

/** An envelope of so many bytes. @throws ENVELOPE_INVALID */
export function checkEnvelopeSize(size: number): void {
  if (size > MAX_ENVELOPE) throw envelopeInvalid(`its ${ENVELOPE_NAME} has more than ${MAX_ENVELOPE} bytes`);
}

/** Step 2: the table is there, of the length and with the header that the envelope says. @throws MEMBER_MISSING, TABLE_TAMPERED */
export async function openTableFile(
  storage: BundleStorage,
  envelope: Envelope,
  signal?: AbortSignal,
): Promise<OpenFile> {
  const { size, header } = envelope.table!;
  const source = await storage.openTable(size, signal);
  try {
    if (source.size !== size)
      throw tableTampered(`it has ${source.size} bytes, and the envelope says ${size}`);
    const found = await readExactly(source, 0, FLOE_HEADER, signal);
    if (Buffer.compare(found, header) !== 0) throw tableTampered('it begins with another header');
    return source;
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

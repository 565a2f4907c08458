import { ioError, isWeightsealError } from '../errors.js';
import { type Envelope, parseBundleEnvelope } from '../format/envelope.js';
import { envelopeInvalid } from '../format/envelope-invalid.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { saysLink } from '../io/below/rules.js';
import type { FileSource } from '../io/byte-source.js';
import { type BundleDirectory, notSealed } from './bundle-directory.js';
import { IS_LINK, memberMissing, NO_FILE } from './member-error.js';
import { ENVELOPE_NAME, MAX_ENVELOPE, TABLE_NAME } from './path.js';
import { tableTampered } from './table.js';

/** FORMAT.md §25.1, step 1: the envelope, with no key touched. @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export async function readEnvelope(
  root: BundleDirectory,
  path: string,
): Promise<{ envelope: Envelope; document: Uint8Array }> {
  await using source = await root.openFile(ENVELOPE_NAME).catch((error: unknown) => {
    const problem = noFile(error);
    if (problem === 'missing') throw notSealed(path, `has no ${ENVELOPE_NAME}`);
    if (problem !== undefined) throw envelopeInvalid(`its ${ENVELOPE_NAME} ${problem}`);
    throw ioError(error, `open ${path}/${ENVELOPE_NAME}`);
  });
  if (source.size > MAX_ENVELOPE)
    throw envelopeInvalid(`its ${ENVELOPE_NAME} has more than ${MAX_ENVELOPE} bytes`);
  const document = await source.read(0, source.size);
  return { document, envelope: parseBundleEnvelope(document) };
}

/** Step 2: the table is there, of the length and with the header that the envelope says. @throws MEMBER_MISSING, TABLE_TAMPERED */
export async function openTableFile(root: BundleDirectory, envelope: Envelope): Promise<FileSource> {
  const { size, header } = envelope.table!;
  const source = await root.openFile(TABLE_NAME).catch((error: unknown) => {
    const problem = noFile(error);
    if (problem === 'missing') throw memberMissing(TABLE_NAME);
    if (problem !== undefined) throw tableTampered(`it ${problem}`, error);
    throw ioError(error, `open ${TABLE_NAME}`);
  });
  try {
    if (source.size !== size)
      throw tableTampered(`it has ${source.size} bytes, and the envelope says ${size}`);
    const found = await source.read(0, FLOE_HEADER);
    if (Buffer.compare(found, header) !== 0) throw tableTampered('it begins with another header');
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** What is there instead of a file, as open(2) tells it. */
function noFile(error: unknown): string | undefined {
  if (isWeightsealError(error) && error.code === 'INVALID_ARGUMENT') return 'is no regular file';
  if (saysLink(error)) return IS_LINK;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (NO_FILE.includes(code)) return 'is no regular file';
  return code === 'ENOENT' ? 'missing' : undefined;
}

import { constants } from 'node:fs/promises';
import { ioError, isWeightsealError, WeightsealError } from '../errors.js';
import { type Envelope, parseBundleEnvelope } from '../format/envelope.js';
import { envelopeInvalid } from '../format/envelope-invalid.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { FileSource } from '../io/byte-source.js';
import { isA } from '../io/directory-given.js';
import { Directory } from '../io/output/directory.js';
import { memberMissing } from './member-error.js';
import { ENVELOPE_NAME, MAX_ENVELOPE, TABLE_NAME } from './path.js';
import { tableTampered } from './table.js';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
/** What open(2) says of a link, of a socket, and below what is no directory. */
const NO_FILE = ['ELOOP', 'EMLINK', 'ENXIO'];

/** A bundle's directory, for what is read in it. @param forFiles the function that takes a sealed file, for the message. @throws INPUT_NOT_FOUND, NOT_SEALED, IO_ERROR */
export async function openBundleDirectory(path: string, forFiles?: string): Promise<Directory> {
  try {
    return await Directory.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw ioError(error, `open ${path}`);
    if (forFiles !== undefined && (await isA('file', path))) throw fileGiven(path, forFiles);
    throw notSealed(path, 'is no directory');
  }
}

function fileGiven(path: string, instead: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is a file, and this takes a sealed bundle, which is a directory. For a sealed file a program has ${instead}.`,
  );
}

function notSealed(path: string, why: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is no sealed bundle: it ${why}. Check the path, or seal the directory first.`,
  );
}

/** FORMAT.md §25.1, step 1: the envelope, with no key touched. @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export async function readEnvelope(
  root: Directory,
  path: string,
): Promise<{ envelope: Envelope; document: Uint8Array }> {
  const file = await FileSource.open(root.at(ENVELOPE_NAME), FLAGS).catch((error: unknown) => {
    const code = codeBelow(error);
    if (code === 'ENOENT') throw notSealed(path, `has no ${ENVELOPE_NAME}`);
    if (NO_FILE.includes(code) || isNoFile(error))
      throw envelopeInvalid(`its ${ENVELOPE_NAME} is no regular file`);
    throw error;
  });
  await using source = file;
  if (source.size > MAX_ENVELOPE)
    throw envelopeInvalid(`its ${ENVELOPE_NAME} has more than ${MAX_ENVELOPE} bytes`);
  const document = await source.read(0, source.size);
  return { document, envelope: parseBundleEnvelope(document) };
}

/** Step 2: the table is there, of the length and with the header that the envelope says. @throws MEMBER_MISSING, TABLE_TAMPERED */
export async function openTableFile(root: Directory, envelope: Envelope): Promise<FileSource> {
  const { size, header } = envelope.table!;
  const source = await FileSource.open(root.at(TABLE_NAME), FLAGS).catch((error: unknown) => {
    const code = codeBelow(error);
    if (code === 'ENOENT') throw memberMissing(TABLE_NAME);
    if (NO_FILE.includes(code) || isNoFile(error)) throw tableTampered('it is no regular file', error);
    throw error;
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

function codeBelow(error: unknown): string {
  return String(((error as Error).cause as { code?: unknown } | undefined)?.code ?? '');
}

function isNoFile(error: unknown): boolean {
  return isWeightsealError(error) && error.code === 'INVALID_ARGUMENT';
}

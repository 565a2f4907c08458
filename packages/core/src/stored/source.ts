import { stat } from 'node:fs/promises';
import { lookInStore } from '../bundle/look-in-store.js';
import { checkPath } from '../common/arguments.js';
import { isWeightsealError, WeightsealError } from '../errors.js';
import { isSealed, MAGIC_LENGTH } from '../format/preamble.js';
import { MANIFEST_NAME, SIGNATURE_NAME } from '../format/release-names.js';
import { FileSource } from '../io/byte-source.js';
import { findObject } from '../store/find-object.js';
import { isLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { bundleInDirectory, bundleInStore } from './bundle-source.js';
import { type Copying, type OpenPiece, ofFile, ofObject, type Piece } from './piece.js';
import type { StoredAt } from './types.js';

/** What a sealed file takes with it, where it is there. */
const BESIDE = [MANIFEST_NAME, SIGNATURE_NAME].map((name) => `.${name}`);

/** @throws INPUT_NOT_FOUND, NOT_SEALED, ENVELOPE_INVALID, MEMBER_MISSING, TABLE_TAMPERED, PATH_INVALID, and what the places throw */
export async function openCopying(
  from: StoredAt,
  any: boolean,
  signal: AbortSignal | undefined,
): Promise<Copying> {
  if (isLocation(from)) {
    const found = await lookInStore(from, { signal });
    return 'bundle' in found ? await bundleInStore(from, signal) : await object(found.file, any, signal);
  }
  const path = checkPath(from, 'What is copied');
  return (await isDirectory(path)) ? await bundleInDirectory(path, signal) : await file(path, any);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function object(source: ObjectSource, any: boolean, signal: AbortSignal | undefined): Promise<Copying> {
  const { location, uri } = source;
  const beside = async (suffix: string) => {
    const place = { ...location, key: location.key + suffix };
    const found = await findObject(place, signal).catch(absent);
    return found && ObjectSource.of(place, found);
  };
  return await checked({ name: uri, source, pieceOf: ofObject, beside }, any);
}

async function file(path: string, any: boolean): Promise<Copying> {
  const source = await FileSource.open(path);
  const beside = (suffix: string) => FileSource.open(path + suffix).catch(absent);
  return await checked({ name: path, source, pieceOf: ofFile, beside }, any);
}

interface Opened<S extends FileSource | ObjectSource> {
  readonly name: string;
  readonly source: S;
  readonly pieceOf: (source: S) => OpenPiece;
  /** What stands beside it. */
  readonly beside: (suffix: string) => Promise<S | undefined>;
}

async function checked<S extends FileSource | ObjectSource>(
  { name, source, pieceOf, beside }: Opened<S>,
  any: boolean,
): Promise<Copying> {
  const sources: S[] = [source];
  const close = async () => void (await Promise.all(sources.map((one) => one.close())));
  // Each is open until all is done.
  const piece = (path: string, from: S): Piece => ({
    path,
    size: from.size,
    open: () => Promise.resolve({ ...pieceOf(from), [Symbol.asyncDispose]: () => Promise.resolve() }),
  });
  const pieces = [piece('', source)];
  try {
    const sealed = isSealed(await source.read(0, Math.min(source.size, MAGIC_LENGTH)));
    if (!any && !sealed) throw notSealedFile(name);
    for (const suffix of sealed ? BESIDE : []) {
      const found = await beside(suffix);
      if (!found) continue;
      sources.push(found);
      pieces.push(piece(suffix, found));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { kind: 'file', name, pieces, [Symbol.asyncDispose]: close };
}

/** Who may not list a store is told so of what is not there. */
function absent(error: unknown): undefined {
  if (isWeightsealError(error) && ['INPUT_NOT_FOUND', 'STORE_DENIED'].includes(error.code)) return undefined;
  throw error;
}

function notSealedFile(name: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${name} is not a sealed file, and nothing else is copied: seal it first, or name the bundle that it is a part of. --any, in a program \`any: true\`, copies whatever it is.`,
  );
}

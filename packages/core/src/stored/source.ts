import { stat } from 'node:fs/promises';
import { lookInStore } from '../bundle/look-in-store.js';
import { checkPath } from '../common/arguments.js';
import { WeightsealError } from '../errors.js';
import { isSealed, MAGIC_LENGTH } from '../format/preamble.js';
import { FileSource } from '../io/byte-source.js';
import { isLocation } from '../store/location.js';
import type { ObjectSource } from '../store/object-source.js';
import { bundleInDirectory, bundleInStore } from './bundle-source.js';
import { type Copying, type OpenPiece, ofFile, ofObject } from './piece.js';
import type { StoredAt } from './types.js';

/** @throws INPUT_NOT_FOUND, NOT_SEALED, ENVELOPE_INVALID, MEMBER_MISSING, TABLE_TAMPERED, PATH_INVALID, and what the places throw */
export async function openCopying(
  from: StoredAt,
  any: boolean,
  signal: AbortSignal | undefined,
): Promise<Copying> {
  if (isLocation(from)) {
    const found = await lookInStore(from, { signal });
    return 'bundle' in found ? await bundleInStore(from, signal) : await object(found.file, any);
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

async function object(source: ObjectSource, any: boolean): Promise<Copying> {
  return await checked({ kind: 'file', name: source.uri, piece: ofObject(source), source }, any);
}

async function file(path: string, any: boolean): Promise<Copying> {
  const source = await FileSource.open(path);
  return await checked({ kind: 'file', name: path, piece: ofFile(source), source }, any);
}

interface Opened {
  readonly kind: 'file';
  readonly name: string;
  readonly piece: OpenPiece;
  readonly source: FileSource | ObjectSource;
}

async function checked({ kind, name, piece, source }: Opened, any: boolean): Promise<Copying> {
  try {
    const head = await source.read(0, Math.min(source.size, MAGIC_LENGTH));
    if (!any && !isSealed(head)) throw notSealedFile(name);
  } catch (error) {
    await source.close();
    throw error;
  }
  // It is open until all is done.
  const open = () => Promise.resolve({ ...piece, [Symbol.asyncDispose]: () => Promise.resolve() });
  const pieces = [{ path: '', size: source.size, open }];
  return { kind, name, pieces, [Symbol.asyncDispose]: () => source.close() };
}

function notSealedFile(name: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${name} is not a sealed file, and nothing else is copied: seal it first, or name the bundle that it is a part of. --any, in a program \`any: true\`, copies whatever it is.`,
  );
}

import { stat } from 'node:fs/promises';
import { lookInStore } from '../bundle/look-in-store.js';
import { checkPath } from '../common/arguments.js';
import { WeightsealError } from '../errors.js';
import { isSealed, MAGIC_LENGTH } from '../format/preamble.js';
import { FileSource } from '../io/byte-source.js';
import { isLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { besideFile, besideObject } from '../store/release-document.js';
import { besideOf } from './beside.js';
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
    return 'bundle' in found ? await bundleInStore(from, signal) : await object(found.file, any, signal);
  }
  const path = checkPath(from, 'What is copied');
  return (await isDirectory(path)) ? await bundleInDirectory(path, signal) : await file(path, any, signal);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function object(source: ObjectSource, any: boolean, signal: AbortSignal | undefined): Promise<Copying> {
  return await checked({ name: source.uri, source, piece: ofObject(source), any, signal });
}

async function file(path: string, any: boolean, signal: AbortSignal | undefined): Promise<Copying> {
  const source = await FileSource.open(path);
  return await checked({ name: path, source, piece: ofFile(source), any, signal });
}

interface Opened {
  readonly name: string;
  readonly source: FileSource | ObjectSource;
  readonly piece: OpenPiece;
  readonly any: boolean;
  readonly signal: AbortSignal | undefined;
}

async function checked({ name, source, piece, any, signal }: Opened): Promise<Copying> {
  try {
    const sealed = isSealed(await source.read(0, Math.min(source.size, MAGIC_LENGTH), { signal }));
    if (!any && !sealed) throw notSealedFile(name);
    // It is open until all is done.
    const open = () => Promise.resolve({ ...piece, [Symbol.asyncDispose]: () => Promise.resolve() });
    const place = source instanceof ObjectSource ? besideObject(source.location) : besideFile(source.path);
    const beside = sealed ? await besideOf(source, place, signal) : [];
    const pieces = [{ path: '', size: source.size, open }, ...beside];
    return { kind: 'file', name, pieces, [Symbol.asyncDispose]: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function notSealedFile(name: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${name} is not a sealed file, and nothing else is copied: seal it first, or name the bundle that it is a part of. --any, in a program \`any: true\`, copies whatever it is.`,
  );
}

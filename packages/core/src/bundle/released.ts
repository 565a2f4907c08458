import { checkPath } from '../common/arguments.js';
import { readHeadOf } from '../file/head.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import type { Envelope } from '../format/envelope.js';
import { type ByteSource, FileSource } from '../io/byte-source.js';
import { isA } from '../io/directory-given.js';
import { OutputFile } from '../io/output/output-file.js';
import type { ReleaseDocument, ReleasePlace, UnopenedRelease } from '../keys/release-judge.js';
import { findObject } from '../store/find-object.js';
import { below, isLocation, type StoreLocation } from '../store/location.js';
import { putDocument } from '../store/put-document.js';
import { besideFile, besideObject } from '../store/release-document.js';
import { readEnvelope } from './head.js';
import { lookInStore } from './look-in-store.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { type BundleStorage, releasePlace } from './storage.js';

/** A sealed file or bundle, by all that it shows without a key. */
export interface Released extends UnopenedRelease, AsyncDisposable {
  /** Who can open it, as its envelope says. */
  readonly recipients: readonly Recipient[];
  /** How often its envelope has been written. */
  readonly generation: number;
  /** Where the files of a bundle lie. */
  readonly storage?: BundleStorage | undefined;
  /** The payload of a file: its bytes, and where in them it begins. */
  readonly payload?: { readonly source: ByteSource; readonly offset: number } | undefined;
  /** Puts a document of the release there, whole or not at all. @throws OUTPUT_EXISTS unless `overwrite`, and what the place throws */
  write(
    document: ReleaseDocument,
    bytes: Uint8Array,
    options: { readonly overwrite: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<void>;
}

type Write = Released['write'];

/** @throws INPUT_NOT_FOUND, NOT_SEALED, what reading an envelope throws, and what the place throws */
export async function openReleased(given: BundleGiven, signal: AbortSignal | undefined): Promise<Released> {
  if (isLocation(given)) {
    const found = await lookInStore(given, { signal });
    if ('bundle' in found) return await ofBundle(given, (name) => intoStore(below(given, name)), signal);
    const write = (name: ReleaseDocument) => intoStore({ ...given, key: `${given.key}.${name}` });
    return await ofFile(found.file, besideObject(given), write, signal);
  }
  const path = checkPath(given, 'What was released');
  if (await isA('directory', path))
    return await ofBundle(path, (name) => intoFile(`${path}/${name}`), signal);
  const write = (name: ReleaseDocument) => intoFile(`${path}.${name}`);
  return await ofFile(await FileSource.open(path), besideFile(path), write, signal);
}

async function ofBundle(
  given: BundleGiven,
  writer: (name: ReleaseDocument) => Write,
  signal: AbortSignal | undefined,
): Promise<Released> {
  const storage = await openStorage(given, { cached: true, signal });
  try {
    const { envelope } = await readEnvelope(storage, signal);
    return {
      kind: 'bundle',
      storage,
      ...releasePlace(storage),
      ...shownBy(envelope),
      write: (name, ...rest) => writer(name)(name, ...rest),
      [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
    };
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function ofFile(
  source: ByteSource & AsyncDisposable,
  place: ReleasePlace,
  writer: (name: ReleaseDocument) => Write,
  signal: AbortSignal | undefined,
): Promise<Released> {
  try {
    const { envelope, preamble, floeHeader: header } = await readHeadOf(source, signal);
    return {
      kind: 'file',
      payload: { source, offset: preamble.payloadOffset },
      ...place,
      ...shownBy(envelope),
      header,
      write: (name, ...rest) => writer(name)(name, ...rest),
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

function shownBy({ core, table, slots, generation }: Envelope) {
  const { id, context } = core;
  return { id: Uint8Array.from(id), context, table, recipients: slots.map(recipientOf), generation };
}

function intoFile(path: string): Write {
  return async (_name, bytes, { overwrite }) => {
    await using file = await OutputFile.create(path, overwrite, 0o666);
    await file.write(bytes, 0);
    await file.sync();
    await file.publish();
  };
}

function intoStore(location: StoreLocation): Write {
  return async (_name, bytes, { overwrite, signal }) => {
    const there = overwrite ? await findObject(location, signal) : undefined;
    await putDocument(location, bytes, there ? { ifVersion: there.version } : { ifAbsent: true }, signal);
  };
}

import { ioError, isWeightsealError, WeightsealError } from '../errors.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { type ByteSource, FileSource, readExactly } from '../io/byte-source.js';
import type { ReleaseDocument, ReleasePlace } from '../keys/release-judge.js';
import { type StoreLocation, uriOf } from './location.js';
import { ObjectSource } from './object-source.js';

// The documents of a release (FORMAT.md §27), as they lie in files and objects.

/** All of an open one, which is closed. @throws MANIFEST_INVALID, SIGNATURE_INVALID for one of more bytes */
export async function documentIn(
  source: ByteSource & AsyncDisposable,
  name: ReleaseDocument,
  mostBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  await using _source = source;
  if (source.size > mostBytes) throw documentInvalid(name, `it has more than ${mostBytes} bytes`);
  return await readExactly(source, 0, source.size, signal);
}

/** Undefined where there is no such object. */
export async function documentAt(
  location: StoreLocation,
  name: ReleaseDocument,
  mostBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const source = await ObjectSource.open(location, { signal }).catch((error: unknown) => {
    if (isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND') return undefined;
    throw error;
  });
  return source && (await documentIn(source, name, mostBytes, signal));
}

/** What stands beside a sealed file. */
export function besideFile(path: string): ReleasePlace {
  return {
    name: path,
    async read(name, mostBytes) {
      const at = `${path}.${name}`;
      const source = await FileSource.open(at).catch((error: unknown) => {
        if (!isWeightsealError(error)) throw ioError(error, `open ${at}`);
        if (error.code === 'INPUT_NOT_FOUND') return undefined;
        if (error.code === 'INVALID_ARGUMENT') throw documentInvalid(name, 'it is no regular file');
        throw error;
      });
      return source && (await documentIn(source, name, mostBytes));
    },
  };
}

/** What stands beside a sealed object. */
export function besideObject(location: StoreLocation): ReleasePlace {
  return {
    name: uriOf(location),
    read: (name, mostBytes, signal) =>
      documentAt({ ...location, key: `${location.key}.${name}` }, name, mostBytes, signal),
  };
}

export function documentInvalid(name: ReleaseDocument, why: string): WeightsealError {
  return new WeightsealError(
    name === MANIFEST_NAME ? 'MANIFEST_INVALID' : 'SIGNATURE_INVALID',
    `${name} cannot be used: ${why}. Get a sound copy from where it was released.`,
  );
}

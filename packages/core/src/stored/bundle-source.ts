import { constants } from 'node:fs/promises';
import { BundleDirectory, notSealed } from '../bundle/bundle-directory.js';
import { pathInvalid } from '../bundle/line.js';
import { memberMissing } from '../bundle/member-error.js';
import { storedFiles } from '../bundle/stored-files.js';
import { tableTampered } from '../bundle/table.js';
import { ioError, isWeightsealError, WeightsealError } from '../errors.js';
import { parseBundleEnvelope } from '../format/envelope.js';
import { envelopeInvalid } from '../format/envelope-invalid.js';
import { ENVELOPE_NAME, isPassing, MAX_ENVELOPE, pathProblem, TABLE_NAME } from '../format/path.js';
import { openBelow } from '../io/below/open.js';
import { bufferSource, FileSource, inputChanged } from '../io/byte-source.js';
import { listAll } from '../store/list-all.js';
import { below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { listedByManifest } from './listed-by-manifest.js';
import { type Copying, type OpenPiece, ofFile, ofObject, type Piece } from './piece.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** @throws INPUT_NOT_FOUND, NOT_SEALED, ENVELOPE_INVALID, MEMBER_MISSING, TABLE_TAMPERED, PATH_INVALID, IO_ERROR */
export async function bundleInDirectory(path: string, signal: AbortSignal | undefined): Promise<Copying> {
  const root = await BundleDirectory.open(path, { cached: true });
  try {
    const openFile = async (name: string): Promise<FileSource> => {
      const handle = await openBelow(root, name, FLAGS).catch((error: unknown) => {
        throw ioError(error, `open ${path}/${name}`);
      });
      return await FileSource.of(`${path}/${name}`, handle).catch(async (error: unknown) => {
        await handle.close();
        throw error;
      });
    };
    await using envelope = await openFile(ENVELOPE_NAME).catch((error: unknown) => {
      throw isMissing(error) ? notSealed(path, `has no ${ENVELOPE_NAME}`) : error;
    });
    const document = await read(envelope);
    await using table = await openFile(TABLE_NAME).catch((error: unknown) => {
      throw isMissing(error) ? memberMissing(TABLE_NAME) : error;
    });
    const files = (await storedFiles(root.directory, signal, true)).map(({ path: file, sealedSize }) => ({
      path: file,
      size: sealedSize,
    }));
    const pieceOf = ({ path: file, size }: { readonly path: string; readonly size: number }): Piece => ({
      path: file,
      size,
      async open() {
        const source = await openFile(file);
        if (source.size === size) return ofFile(source);
        await source.close();
        throw inputChanged(source.path);
      },
    });
    const all = [...files, { path: TABLE_NAME, size: table.size }];
    const again = async () => {
      await using now = await openFile(ENVELOPE_NAME);
      return await read(now);
    };
    return bundle({ name: path, document, again }, all.map(pieceOf), () => root[Symbol.asyncDispose]());
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws NOT_SEALED, ENVELOPE_INVALID, MEMBER_MISSING, TABLE_TAMPERED, PATH_INVALID, STORE_UNSUPPORTED where the store lists nothing and there is no manifest, and what it throws */
export async function bundleInStore(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<Copying> {
  const name = uriOf(location);
  await using envelope = await ObjectSource.open(below(location, ENVELOPE_NAME), { signal }).catch(
    (error: unknown) => {
      throw isMissing(error) ? notSealed(name, `has no ${ENVELOPE_NAME}`) : error;
    },
  );
  const document = await read(envelope);
  const again = async () => {
    await using now = await ObjectSource.open(below(location, ENVELOPE_NAME), { signal });
    return await read(now);
  };
  const objects = await listAll(location, signal);
  if (!objects) {
    const named = await listedByManifest(location, document, signal);
    if (!named) throw unlisted(location);
    return bundle({ name, document, again }, named, () => Promise.resolve());
  }
  const from = location.key === '' ? 0 : location.key.length + 1;
  const pieces = objects.flatMap((object): Piece[] => {
    const path = object.key.slice(from);
    // What consoles make where somebody asks for a folder.
    if (path === ENVELOPE_NAME || ((path === '' || path.endsWith('/')) && object.size === 0)) return [];
    const open = () => Promise.resolve(ofObject(ObjectSource.of(below(location, path), object)));
    return [{ path, size: object.size, open }];
  });
  return bundle({ name, document, again }, pieces, () => Promise.resolve());
}

interface Enveloped {
  readonly name: string;
  readonly document: Uint8Array;
  /** The envelope as it is by now. */
  readonly again: () => Promise<Uint8Array>;
}

/** What no key is needed for is looked at: so no half of a bundle is taken for one. */
function bundle(
  { name, document, again }: Enveloped,
  found: readonly Piece[],
  close: () => Promise<void>,
): Copying {
  const { core, table: said } = parseBundleEnvelope(document);
  const { size } = said!;
  const table = found.find(({ path }) => path === TABLE_NAME);
  if (!table) throw memberMissing(TABLE_NAME);
  if (table.size !== size) throw tableTampered(`it has ${table.size} bytes, and the envelope says ${size}`);
  const payloads = found.filter(({ path }) => path !== TABLE_NAME && !isPassing(path));
  for (const { path } of payloads) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw pathInvalid(path, problem);
  }
  const open = (): Promise<OpenPiece> =>
    Promise.resolve({
      source: bufferSource(document),
      // Names were seen after it: they must be of this bundle. A rewrap meanwhile leaves it the same.
      async checkAtRest() {
        const now = parseBundleEnvelope(await again());
        if (!Buffer.from(now.core.bytes).equals(core.bytes)) throw inputChanged(name);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  const envelope = { path: ENVELOPE_NAME, size: document.length, open };
  return {
    kind: 'bundle',
    name,
    pieces: [...payloads, table, envelope],
    [Symbol.asyncDispose]: close,
  };
}

async function read(source: FileSource | ObjectSource): Promise<Uint8Array> {
  if (source.size > MAX_ENVELOPE)
    throw envelopeInvalid(`its ${ENVELOPE_NAME} has more than ${MAX_ENVELOPE} bytes`);
  return await source.read(0, source.size);
}

function isMissing(error: unknown): boolean {
  return isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND';
}

function unlisted(location: StoreLocation): WeightsealError {
  return new WeightsealError(
    'STORE_UNSUPPORTED',
    `${location.store.uri} does not list what it has, and ${uriOf(location)} has no manifest that says of which files it is made. Copy it from where it can be listed, or open it from there: that needs no list.`,
  );
}

import { otherFile } from '../bundle/manifest-check-files.js';
import { isWeightsealError } from '../errors.js';
import { parseBundleEnvelope } from '../format/envelope.js';
import { MANIFEST_NAME, SIGNATURE_NAME } from '../format/release-names.js';
import type { ReleaseDocument } from '../keys/release-judge.js';
import { readManifest } from '../release/manifest-match.js';
import { below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { documentAt } from '../store/release-document.js';
import { documentPiece } from './beside.js';
import { ofObject, type Piece } from './piece.js';

/** Of about 300,000 files, with all that Sigstore may prove. */
const MAX_SIGNATURE = 67_108_864;
/** What comes with the first request. */
const FIRST_BYTES = 1_048_576;

/**
 * What a bundle is made of besides its envelope, as its manifest says: for a store that lists nothing. Undefined where there is no manifest.
 *
 * @param envelope its bytes: the manifest is of just that
 * @throws MANIFEST_INVALID, MANIFEST_MISMATCH, and what the store throws
 */
export async function listedByManifest(
  location: StoreLocation,
  envelope: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<readonly Piece[] | undefined> {
  const { core, table } = parseBundleEnvelope(envelope);
  const read = (name: ReleaseDocument, most: number) => documentAt(below(location, name), name, most, signal);
  const release = {
    kind: 'bundle',
    name: uriOf(location),
    id: core.id,
    context: core.context,
    table,
  } as const;
  const found = await readManifest({ ...release, read }, signal).catch((error: unknown) => {
    if (isWeightsealError(error) && error.code === 'MANIFEST_MISSING') return undefined;
    throw error;
  });
  if (!found) return undefined;
  const signature = await read(SIGNATURE_NAME, MAX_SIGNATURE);
  return [
    ...found.manifest.files.map((file) => pieceOf(location, file)),
    documentPiece(MANIFEST_NAME, found.bytes),
    ...(signature ? [documentPiece(SIGNATURE_NAME, signature)] : []),
  ];
}

function pieceOf(location: StoreLocation, { path, size }: Pick<Piece, 'path' | 'size'>): Piece {
  return {
    path,
    size,
    async open(signal) {
      const first = Math.min(Math.max(1, size), FIRST_BYTES);
      const source = await ObjectSource.open(below(location, path), { first, signal });
      if (source.size === size) return ofObject(source);
      await source.close();
      throw otherFile(path, 'has another length');
    },
  };
}

import { isWeightsealError } from '../errors.js';
import { readHeadOf } from '../file/head.js';
import { MANIFEST_NAME, SIGNATURE_NAME } from '../format/release-names.js';
import { type ByteSource, bufferSource } from '../io/byte-source.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import { readManifest } from '../release/manifest-match.js';
import type { Piece } from './piece.js';

// What a sealed file takes with it. It is looked at, and not only its name: whatever else stands there, a key that a link leads to say, stays.

/** Bytes of a manifest of one file, and of a statement about it with all that Sigstore may prove: both have some thousands. */
const MOST = 1_048_576;
const SIGSTORE = 'application/vnd.dev.sigstore.bundle';

/** The manifest that is of this very file, and a signature beside that. */
export async function besideOf(
  source: ByteSource,
  place: ReleasePlace,
  signal: AbortSignal | undefined,
): Promise<Piece[]> {
  const manifest = await manifestOf(source, place, signal);
  if (!manifest) return [];
  const signature = await place.read(SIGNATURE_NAME, MOST, signal).catch(none);
  return [
    documentPiece(`.${MANIFEST_NAME}`, manifest),
    ...(signature && isSignature(signature) ? [documentPiece(`.${SIGNATURE_NAME}`, signature)] : []),
  ];
}

async function manifestOf(
  source: ByteSource,
  place: ReleasePlace,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    const { envelope, floeHeader: header } = await readHeadOf(source, signal);
    const { id, context } = envelope.core;
    const read: ReleasePlace['read'] = (name, most, ending) => place.read(name, Math.min(most, MOST), ending);
    const release = { kind: 'file', ...place, read, id, context, header } as const;
    return (await readManifest(release, signal)).bytes;
  } catch (error) {
    return none(error);
  }
}

/** What is not there or is none is not copied; and who may not list a store is told so of what is not there. */
function none(error: unknown): undefined {
  if (isWeightsealError(error) && /^(?:ENVELOPE_|MANIFEST_|SIGNATURE_|STORE_DENIED$)/.test(error.code))
    return undefined;
  throw error;
}

function isSignature(bytes: Uint8Array): boolean {
  try {
    const { mediaType } = JSON.parse(Buffer.from(bytes).toString()) as { mediaType?: unknown };
    return typeof mediaType === 'string' && mediaType.startsWith(SIGSTORE);
  } catch {
    return false;
  }
}

/** What has been read already. */
export function documentPiece(path: string, bytes: Uint8Array): Piece {
  const open = () =>
    Promise.resolve({
      source: bufferSource(bytes),
      checkAtRest: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  return { path, size: bytes.length, open };
}

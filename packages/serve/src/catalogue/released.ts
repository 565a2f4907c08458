import {
  inspect,
  isWeightsealError,
  MANIFEST_NAME,
  type ReadManifest,
  readManifest,
  readUnopened,
  WeightsealError,
} from '@weightseal/core';
import { changed } from '../http/status.js';
import type { Found, Root } from '../root/root.js';

// What a sealed file or a bundle says of itself, without a key.

/** By what a client is judged. */
export interface Asked {
  readonly model: string;
  readonly version?: string | undefined;
  /** Whether the context names no model, so that the path stands for it. */
  readonly byPath?: true;
}

/** A file of a bundle, by its manifest. */
export interface Member {
  readonly size: number;
  readonly sha256: string;
  readonly public?: true | undefined;
}

export interface Bundle {
  readonly asked: Asked;
  /** Those that the manifest names, the member table among them. */
  readonly members: ReadonlyMap<string, Member>;
  /** SHA-256 of the manifest, in hexadecimal. */
  readonly manifest: string;
  /** When the manifest was written, in milliseconds. */
  readonly written: number | undefined;
  /** Bytes of envelope, manifest and all that this names. */
  readonly sealedSize: number;
}

/** What is to be looked at: just these files, and no others that are there by then. */
export interface Pair {
  /** Of the sealed file, or of the envelope of a bundle. */
  readonly path: string;
  readonly identity: string;
  readonly manifest: { readonly path: string; readonly identity: string; readonly size: number };
}

/** A manifest of one file has some hundred bytes. */
const MOST_OF_FILE = 1_048_576;

/** @throws what reading an envelope throws: what is sealed is what its content says, whatever it is called; one that is cut off is not */
export async function askedOf(
  kind: 'file' | 'bundle',
  found: Found,
  path: string,
  signal: AbortSignal,
): Promise<Asked> {
  const { source } = found;
  const read = kind === 'file' ? inspect(source, { signal }) : readUnopened(kind, source, { signal });
  return askedBy((await read).context, path);
}

/** The manifest of just these files. @throws MANIFEST_INVALID, MANIFEST_MISMATCH, INPUT_CHANGED where one of them is another by now */
export async function manifestOf(
  root: Root,
  kind: 'file' | 'bundle',
  pair: Pair,
  signal: AbortSignal,
): Promise<ReadManifest & { readonly written: number | undefined; readonly size: number }> {
  await using sealed = await openSame(root, pair, signal);
  await using manifest = await openSame(root, pair.manifest, signal);
  const { size, modified: written } = manifest;
  const unopened = await readUnopened(kind, sealed.source, { signal });
  const read = await readManifest(
    {
      ...unopened,
      name: pair.path,
      async read(name, most) {
        if (name !== MANIFEST_NAME) return undefined;
        if (size > (kind === 'file' ? MOST_OF_FILE : most)) throw tooLong();
        return await manifest.source.read(0, size, { signal });
      },
    },
    { signal },
  );
  if (!(await sealed.unchanged()) || !(await manifest.unchanged())) throw changed();
  return { ...read, written, size: sealed.size + size };
}

/** @throws INPUT_CHANGED where there is another file by now, and what the root throws */
export async function openSame(
  root: Root,
  { path, identity }: { readonly path: string; readonly identity: string },
  signal: AbortSignal,
): Promise<Found> {
  const found = await root.open(path, signal);
  if (found?.identity === identity) return found;
  await found?.[Symbol.asyncDispose]();
  throw changed();
}

/** @throws MANIFEST_INVALID, MANIFEST_MISMATCH, INPUT_CHANGED */
export async function bundleOf(root: Root, path: string, pair: Pair, signal: AbortSignal): Promise<Bundle> {
  const { manifest, digest, written, size } = await manifestOf(root, 'bundle', pair, signal);
  return {
    asked: askedBy(manifest.context, path === '' ? root.ownName : path),
    members: new Map(manifest.files.map((file) => [file.path, file])),
    manifest: digest,
    written,
    sealedSize: manifest.files.reduce((sum, file) => sum + file.size, size),
  };
}

function askedBy({ model, version }: Readonly<Record<string, string>>, path: string): Asked {
  return model === undefined ? { model: path, byPath: true } : { model, version };
}

/** Whether this is said of the bytes, and so will be the same of the same bytes. What keeps them from being read is not. */
export function isVerdict(error: unknown): error is WeightsealError {
  if (!isWeightsealError(error)) return false;
  return error.class === 'format' || error.class === 'integrity' || error.code.startsWith('MANIFEST_');
}

function tooLong(): WeightsealError {
  return new WeightsealError('MANIFEST_INVALID', `A ${MANIFEST_NAME} cannot be used: it has too many bytes.`);
}

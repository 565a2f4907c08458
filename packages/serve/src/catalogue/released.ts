import { inspect, isWeightsealError } from '@weightseal/core';
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
}

export interface Bundle {
  readonly asked: Asked;
  /** Those that the manifest names, the member table among them. */
  readonly members: ReadonlyMap<string, Member>;
  /** SHA-256 of the manifest, in hexadecimal. */
  readonly manifest: string;
  /** Bytes of envelope, manifest and all that this names. */
  readonly sealedSize: number;
}

/** What is sealed is what its content says, whatever it is called; one that is cut off is not. */
export async function askedOf(found: Found, path: string, signal: AbortSignal): Promise<Asked | undefined> {
  try {
    const { context } = await inspect(found.source, { signal });
    return askedBy(context, path);
  } catch (error) {
    if (isWeightsealError(error) && (error.class === 'format' || error.class === 'integrity'))
      return undefined;
    throw error;
  }
}

/** The digest of the manifest beside a sealed file, where there is one that is of it. */
export async function manifestOf(root: Root, path: string, signal: AbortSignal): Promise<string | undefined> {
  return await orNone(async () => (await root.manifest(path, signal)).digest);
}

/** Undefined for what is no bundle, or has no manifest that is of it: nobody could tell then what belongs to it. */
export async function bundleOf(
  root: Root,
  path: string,
  envelope: Found,
  signal: AbortSignal,
): Promise<Bundle | undefined> {
  return await orNone(async () => {
    const { manifest, bytes, digest } = await root.manifest(path, signal);
    if (manifest.kind !== 'bundle') return undefined;
    const members = new Map(
      manifest.files.map((file) => [file.path, { size: file.size, sha256: file.sha256 }]),
    );
    return {
      asked: askedBy(manifest.context, path === '' ? root.ownName : path),
      members,
      manifest: digest,
      sealedSize: manifest.files.reduce((sum, { size }) => sum + size, envelope.size + bytes.length),
    };
  });
}

function askedBy({ model, version }: Readonly<Record<string, string>>, path: string): Asked {
  return model === undefined ? { model: path, byPath: true } : { model, version };
}

async function orNone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    if (error.class === 'format' || error.class === 'integrity') return undefined;
    if (/^(?:MANIFEST_|INPUT_|STORE_DENIED$)/.test(error.code)) return undefined;
    throw error;
  }
}

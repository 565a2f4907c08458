import type { CoreDocument } from '../format/core-document.js';
import { pathProblem } from '../format/path.js';
import { encodeManifest, textProblem } from './manifest.js';
import { headOf, type ReleaseOptions } from './manifest-head.js';

/** A file may have a name that a manifest cannot hold, on some systems. */
const UNNAMED = 'model.sealed';

/** What is under a sealed file's name. */
export interface SealedPayload {
  /** 74 bytes (FORMAT.md §9). */
  readonly header: Uint8Array;
  /** Bytes, with the header. */
  readonly size: number;
  /** Of these bytes, in hexadecimal. */
  readonly sha256: string;
}

/** The manifest of a sealed file. @param name of the file */
export function fileManifest(
  { id, context }: Pick<CoreDocument, 'id' | 'context'>,
  { header, size, sha256 }: SealedPayload,
  name: string,
  release: ReleaseOptions | undefined,
): Uint8Array {
  const path = pathProblem(name) === undefined && textProblem(name) === undefined ? name : UNNAMED;
  return encodeManifest({
    ...headOf({ id, context }, 'file', release),
    header,
    files: [{ path, size, sha256 }],
  });
}

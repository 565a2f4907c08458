import { stat } from 'node:fs/promises';
import {
  type ByteSource,
  type InputAnywhere,
  isLocation,
  lookInStore,
  type StoreLocation,
} from '@weightseal/core';

/** Where a bundle is. */
export type BundleAt = string | StoreLocation;

/** A bundle, or what a sealed file is read from. */
export type Found = { readonly bundle: BundleAt } | { readonly file: string | ByteSource };

/** How a place in a store is read. */
export interface Looking {
  readonly concurrency?: number | undefined;
  readonly requestBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is meant: a directory is a bundle, and so is a prefix with an envelope. What cannot be looked at on this machine is told where it is opened. @throws what `lookInStore` throws */
export async function lookAt(
  source: Exclude<InputAnywhere, URL>,
  { concurrency, requestBytes, signal }: Looking,
): Promise<Found> {
  if (isLocation(source)) return await lookInStore(source, { concurrency, requestBytes, signal });
  if (typeof source !== 'string') return { file: source };
  const isDirectory = await stat(source).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isDirectory ? { bundle: source } : { file: source };
}

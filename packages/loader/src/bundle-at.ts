import { stat } from 'node:fs/promises';
import type { InputAnywhere } from '@weightseal/core';

/** Where a bundle is. */
export type BundleAt = string;

/** The bundle, where one is meant: a directory. Undefined for a file. What cannot be looked at is told where it is opened. */
export async function bundleAt(source: Exclude<InputAnywhere, URL>): Promise<BundleAt | undefined> {
  if (typeof source !== 'string') return undefined;
  const isDirectory = await stat(source).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isDirectory ? source : undefined;
}

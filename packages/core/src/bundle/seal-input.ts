import { basename } from 'node:path';
import { checkKinds, checkPath } from '../common/arguments.js';
import type { FileItem } from '../engine/files-task.js';
import { ioError, WeightsealError } from '../errors.js';
import { isFileName, type Metadata } from '../format/metadata.js';
import { checkSegmentLength } from '../format/sizes.js';
import { Directory } from '../io/output/directory.js';
import { checkKeys } from '../keys/wrap.js';
import { checkRelease } from '../release/manifest-head.js';
import { isLocation } from '../store/location.js';
import { type Entry, fileOf } from './entry.js';
import type { Incomplete } from './incomplete/types.js';
import { incompleteOf } from './seal-incomplete.js';
import { planSeal, type SealPlan } from './seal-plan.js';
import type { BundleSealer } from './sealer.js';
import { payloadBytes } from './staging.js';
import type { Table } from './table.js';
import type { SealBundleOptions, SealedBundle } from './types.js';
import type { WalkOptions } from './walk.js';

/** What will be sealed, and what is missing of it: both are told to the caller. */
export interface SealInput {
  readonly plan: SealPlan;
  readonly incomplete: readonly Incomplete[];
}

/** Reads the directory, and tells the caller what is not taken and what is missing. @throws what `planSeal` throws, INPUT_CHANGED */
export async function readInput(
  root: Directory,
  path: string,
  options: SealBundleOptions,
  except?: WalkOptions['except'],
): Promise<SealInput> {
  const plan = await planSeal(root, path, options, { signal: options.signal, except });
  for (const one of plan.leftOut) options.onLeftOut?.(one);
  const incomplete = await incompleteOf(plan, root);
  for (const one of incomplete) options.onIncomplete?.(one);
  return { plan, incomplete };
}

/** @param documents bytes of table and envelope */
export function sealedBundle(
  { plan, incomplete }: SealInput,
  sealer: BundleSealer,
  table: Table,
  documents: number,
  kept: Pick<SealedBundle, 'resumed' | 'reused'>,
): SealedBundle {
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    members: table.entries.length,
    size: plan.size,
    sealedSize: documents + payloadBytes(table),
    public: plan.entries.filter(({ kind }) => kind === 'public').map((entry) => entry.path),
    leftOut: plan.leftOut,
    unmatched: plan.unmatched,
    incomplete,
    ...kept,
  };
}

export async function openRoot(path: string): Promise<Directory> {
  try {
    return await Directory.open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR') throw ioError(error, `open ${path}`);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${path} is no directory; a file is sealed with sealToFile.`,
      { cause: error },
    );
  }
}

export function plainItem(entry: Entry, { sources }: SealPlan): FileItem {
  const { kind, path, size, executable, record } = entry;
  return {
    plain: kind === 'public',
    input: sources.inputOf(record) ?? path,
    output: fileOf(entry),
    size,
    executable,
    record,
    identity: sources.identityOf(record),
  };
}

export function metadataOf(path: string, { name }: SealBundleOptions): Metadata {
  const own = basename(path);
  const kept = name ?? (isFileName(own) ? own : undefined);
  return { created: new Date().toISOString(), ...(kept !== undefined && { name: kept }) };
}

/** @throws INVALID_ARGUMENT */
export function checkSeal(options: SealBundleOptions): void {
  const { keys, name, segmentLength } = checkKinds(options, 'sealBundle');
  checkKeys(keys);
  checkRelease(options.release);
  const { reuse } = options;
  if (reuse !== undefined && !isLocation(reuse)) checkPath(reuse, 'The bundle to reuse');
  if (segmentLength !== undefined) checkSegmentLength(segmentLength);
  if (name === undefined || isFileName(name)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The name must be a file name of 1 to 255 bytes, without a directory.',
  );
}

/** All but these, by their paths. */
export function without(entries: readonly Entry[], others: readonly Entry[]): readonly Entry[] {
  if (others.length === 0) return entries;
  const gone = new Set(others.map(({ path }) => path));
  return entries.filter(({ path }) => !gone.has(path));
}

import {
  type ByteSource,
  checkKinds,
  filePath,
  type InputAnywhere,
  type OpenBundleOptions,
  openBundle,
  openReader,
  type ReadOptions,
  type UnlockOptions,
} from '@weightseal/core';
import { type BundleAt, lookAt } from '../bundle-at.js';
import { checkOfFile, READING, readingOf } from '../load.js';
import { SealedSafetensors } from './sealed-safetensors.js';
import { tensorsOfBundle } from './sharded.js';
import { readHeader, type Tensors, tensorsOfFile } from './tensors.js';

export interface OpenSafetensorsOptions
  extends UnlockOptions,
    ReadOptions,
    Pick<OpenBundleOptions, 'allowExtra'> {
  /**
   * Of a bundle: the member to go by, an index (`….safetensors.index.json`) or one `.safetensors` file. Unless told `model.safetensors.index.json`, or the only index that there is; without any, the
   * only safetensors file.
   */
  readonly index?: string | undefined;
  /** Of a bundle: whether shards that the index names may be missing. Their tensors are not there then. The default is false. */
  readonly allowIncomplete?: boolean | undefined;
}

/**
 * Opens sealed tensors without opening all of what they are in: a sealed safetensors file, its header now and then single tensors, or rows of them; or a sealed bundle, whose index says in which
 * shards the tensors are. One call to a key, none afterwards. Every byte that it gives is authenticated. `await using model = await openSafetensors(…)`.
 *
 * @param source a path, a `file:` URL, a place in a store, or bytes with random access; a directory is a bundle, and so is a prefix in a store with an envelope below it
 * @throws what `openReader` or `openBundle` throws; SAFETENSORS_INVALID when what was sealed is no sound safetensors file, or no sound index of them; of a bundle also BUNDLE_INCOMPLETE for a shard
 *   that is not in it, MEMBER_NOT_FOUND where it has no such index or no safetensors file, INVALID_ARGUMENT where it has several
 */
export async function openSafetensors(
  source: InputAnywhere,
  options: OpenSafetensorsOptions,
): Promise<SealedSafetensors> {
  const own = { index: 'string', allowIncomplete: 'boolean' } as const;
  checkKinds(options, 'openSafetensors', own, [...READING, 'allowExtra'], true);
  const given = filePath(source);
  const found = await lookAt(given, options);
  if ('bundle' in found) return new SealedSafetensors(await openShards(found.bundle, options));
  checkOfFile(options);
  return new SealedSafetensors(await openFile(found.file, options));
}

async function openFile(source: string | ByteSource, options: OpenSafetensorsOptions): Promise<Tensors> {
  const reader = await openReader(source, readingOf(options));
  try {
    return tensorsOfFile(reader, await readHeader(reader, options.signal));
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function openShards(at: BundleAt, options: OpenSafetensorsOptions): Promise<Tensors> {
  const { keys, context, trust, hedgeMs, signal, allowExtra } = options;
  const bundle = await openBundle(at, { keys, context, trust, hedgeMs, signal, allowExtra });
  try {
    return await tensorsOfBundle(bundle, options);
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

import {
  abortedError,
  type BundleMember,
  type BundleReader,
  throwIfAborted,
  WeightsealError,
} from '@weightseal/core';
import { chooseMember, fileOf } from './choose-member.js';
import type { SafetensorsHeader, TensorInfo } from './header.js';
import { checkIndexSize, parseIndex } from './index-file.js';
import { inMember, invalidIndex, quoted } from './invalid.js';
import { notFound, type Readable, readHeader, type Tensors, tensorsOfFile } from './tensors.js';

type Infos = ReadonlyMap<string, TensorInfo>;

/** How many headers are read at once, where all are wanted. */
const AT_ONCE = 8;

export interface ShardedOptions {
  readonly index?: string | undefined;
  readonly allowIncomplete?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The tensors of a bundle. No shard of an index is read yet. @throws what `chooseMember` throws, SAFETENSORS_INVALID, BUNDLE_INCOMPLETE, MEMBER_MISSING, MEMBER_TAMPERED */
export async function tensorsOfBundle(
  bundle: BundleReader,
  { index, allowIncomplete = false, signal }: ShardedOptions,
): Promise<Tensors> {
  const { path, kind } = chooseMember(bundle, index);
  const member = fileOf(bundle, path)!;
  if (kind === 'file') return await ofOneFile(bundle, member, signal);
  const { size } = member;
  checkIndexSize(path, size);
  const { shards, metadata } = parseIndex(await bundle.read(member.path, 0, size, { signal }), path);
  return new ShardedTensors(bundle, path, shards, metadata, allowIncomplete);
}

type Shard = Pick<BundleMember, 'path'> & { readonly size: number };

function readable(bundle: BundleReader, { path, size }: Shard): Readable {
  return { size, read: (offset, length, options) => bundle.read(path, offset, length, options) };
}

async function headerOf(
  bundle: BundleReader,
  shard: Shard,
  signal: AbortSignal | undefined,
): Promise<SafetensorsHeader> {
  return await readHeader(readable(bundle, shard), signal).catch((error: unknown) => {
    throw inMember(error, shard.path);
  });
}

async function ofOneFile(
  bundle: BundleReader,
  shard: Shard,
  signal: AbortSignal | undefined,
): Promise<Tensors> {
  const { tensors, metadata } = await headerOf(bundle, shard, signal);
  const file = { ...readable(bundle, shard), context: bundle.context, close: () => bundle.close() };
  const infos = [...tensors].map(([name, info]) => [name, inMemberOf(info, shard)] as const);
  return tensorsOfFile(file, { tensors: new Map(infos), metadata });
}

function inMemberOf(info: TensorInfo, { path }: Shard): TensorInfo {
  return Object.freeze({ ...info, member: path });
}

/** Finds tensors in their shards, by an index. A shard's header is read when it is needed, and once. */
class ShardedTensors implements Tensors {
  readonly names: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number;
  readonly #bundle: BundleReader;
  readonly #index: string;
  /** By the name of a tensor: the member that has it, or the path where none is. */
  readonly #shardOf = new Map<string, Shard | string>();
  /** The tensors of each shard that is there, by the index. */
  readonly #inShard = new Map<string, { readonly shard: Shard; readonly names: string[] }>();
  readonly #headers = new Map<string, Promise<Infos>>();

  /** @throws BUNDLE_INCOMPLETE */
  constructor(
    bundle: BundleReader,
    index: string,
    paths: ReadonlyMap<string, string>,
    metadata: Readonly<Record<string, string>>,
    allowIncomplete: boolean,
  ) {
    this.#bundle = bundle;
    this.#index = index;
    this.metadata = metadata;
    const found = new Map<string, Shard | string>();
    for (const path of paths.values()) {
      if (found.has(path)) continue;
      const shard = fileOf(bundle, path);
      if (!shard && !allowIncomplete) throw incomplete(index, path);
      found.set(path, shard ?? path);
      if (shard) this.#inShard.set(shard.path, { shard, names: [] });
    }
    for (const [name, path] of paths) {
      const shard = found.get(path)!;
      this.#shardOf.set(name, shard);
      if (typeof shard !== 'string') this.#inShard.get(shard.path)!.names.push(name);
    }
    const shards = [...this.#inShard.values()];
    this.size = shards.reduce((sum, { shard }) => sum + shard.size, 0);
    this.names = new Set([...paths.keys()].filter((name) => typeof this.#shardOf.get(name) === 'object'));
  }

  get context() {
    return this.#bundle.context;
  }

  async info(name: string, signal: AbortSignal | undefined): Promise<TensorInfo> {
    const shard = this.#shardOf.get(name);
    const count = this.names.size;
    if (shard === undefined) throw notFound(`The bundle has no tensor ${quoted(String(name))}`, count);
    if (typeof shard === 'string')
      throw notFound(`The tensor ${quoted(name)} is in ${quoted(shard)}, which is not in the bundle`, count);
    return (await untilAborted(this.#header(shard), signal)).get(name)!;
  }

  async all(signal: AbortSignal | undefined): Promise<Infos> {
    const shards = [...this.#inShard.values()];
    const left = shards.values();
    const reading = Array.from({ length: Math.min(AT_ONCE, shards.length) }, async () => {
      for (const { shard } of left) await untilAborted(this.#header(shard), signal);
    });
    await Promise.all(reading);
    const infos = new Map<string, TensorInfo>();
    for (const { shard } of shards)
      for (const [name, info] of await this.#header(shard)) infos.set(name, info);
    return infos;
  }

  read({ member, offset }: TensorInfo, from: number, length: number, signal: AbortSignal | undefined) {
    return this.#bundle.read(member!, offset + from, length, { signal });
  }

  close(): Promise<void> {
    return this.#bundle.close();
  }

  /** For all who want it: only closing ends it early, and what has failed is tried again by who comes next. */
  #header(shard: Shard): Promise<Infos> {
    const known = this.#headers.get(shard.path);
    if (known) return known;
    const reading = this.#readHeader(shard);
    this.#headers.set(shard.path, reading);
    reading.catch(() => this.#headers.delete(shard.path));
    return reading;
  }

  async #readHeader(shard: Shard): Promise<Infos> {
    const { path } = shard;
    const { tensors } = await headerOf(this.#bundle, shard, undefined);
    for (const name of tensors.keys()) {
      const other = this.#shardOf.get(name);
      const at = typeof other === 'object' ? other.path : other;
      if (at !== undefined && at !== path)
        throw this.#contradicted(
          `it has ${quoted(name)} in ${quoted(at)}, and ${quoted(path)} has a tensor of that name too`,
        );
    }
    // What a shard has besides is none of the model's, and not kept.
    const infos = new Map<string, TensorInfo>();
    for (const name of this.#inShard.get(path)!.names) {
      const info = tensors.get(name);
      if (!info)
        throw this.#contradicted(`it has ${quoted(name)} in ${quoted(path)}, which has no such tensor`);
      infos.set(name, inMemberOf(info, shard));
    }
    return infos;
  }

  #contradicted(what: string): WeightsealError {
    return invalidIndex(this.#index, what);
  }
}

function incomplete(index: string, shard: string): WeightsealError {
  return new WeightsealError(
    'BUNDLE_INCOMPLETE',
    `${quoted(index)} names ${quoted(shard)}, and the bundle has no such file. Seal the whole model; \`allowIncomplete\` opens what is there.`,
  );
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfAborted(signal);
  if (!signal) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortedError(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

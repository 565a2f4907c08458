import { abortedError, type BundleReader, throwIfAborted, WeightsealError } from '@weightseal/core';
import { chooseMember, fileOf } from './choose-member.js';
import type { TensorInfo } from './header.js';
import { checkIndexSize, parseIndex } from './index-file.js';
import { inMember, invalidIndex, quoted } from './invalid.js';
import { notFound, type Readable, readHeader, type Tensors } from './tensors.js';

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
  const { size } = fileOf(bundle, path)!;
  if (kind === 'file') return await ofOneFile(bundle, path, signal);
  checkIndexSize(path, size);
  const { shards, metadata } = parseIndex(await bundle.read(path, 0, size, { signal }), path);
  return new ShardedTensors(bundle, path, shards, metadata, allowIncomplete);
}

/** Of one file its header says what there is. */
async function ofOneFile(
  bundle: BundleReader,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Tensors> {
  const { tensors, metadata } = await readMember(bundle, path, signal);
  const infos = new Map([...tensors].map(([name, info]) => [name, { ...info, member: path }]));
  const shards = new Map([...infos.keys()].map((name) => [name, path]));
  const all = new ShardedTensors(bundle, path, shards, metadata, false);
  all.know(path, infos);
  return all;
}

async function readMember(bundle: BundleReader, path: string, signal: AbortSignal | undefined) {
  const { size } = fileOf(bundle, path)!;
  const file: Readable = {
    size,
    read: (offset, length, options) => bundle.read(path, offset, length, options),
  };
  return await readHeader(file, signal).catch((error: unknown) => {
    throw inMember(error, path);
  });
}

/** Finds tensors in their shards, by an index. A shard's header is read when it is needed, and once. */
class ShardedTensors implements Tensors {
  readonly names: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number;
  readonly #bundle: BundleReader;
  readonly #index: string;
  readonly #shardOf: ReadonlyMap<string, string>;
  /** The tensors of each shard that is there, by the index. */
  readonly #inShard = new Map<string, string[]>();
  readonly #headers = new Map<string, Promise<Infos>>();

  /** @throws BUNDLE_INCOMPLETE */
  constructor(
    bundle: BundleReader,
    index: string,
    shardOf: ReadonlyMap<string, string>,
    metadata: Readonly<Record<string, string>>,
    allowIncomplete: boolean,
  ) {
    this.#bundle = bundle;
    this.#index = index;
    this.#shardOf = shardOf;
    this.metadata = metadata;
    const all = new Map<string, string[]>();
    for (const [name, shard] of shardOf) {
      const names = all.get(shard);
      if (names) names.push(name);
      else all.set(shard, [name]);
    }
    let size = 0;
    for (const [shard, names] of all) {
      const file = fileOf(bundle, shard);
      if (!file && !allowIncomplete) throw incomplete(index, shard);
      if (!file) continue;
      size += file.size;
      this.#inShard.set(shard, names);
    }
    this.size = size;
    this.names = new Set([...shardOf].filter(([, shard]) => this.#inShard.has(shard)).map(([name]) => name));
  }

  get context() {
    return this.#bundle.context;
  }

  /** Of a shard whose header has been read. */
  know(shard: string, infos: Infos): void {
    this.#headers.set(shard, Promise.resolve(infos));
  }

  async info(name: string, signal: AbortSignal | undefined): Promise<TensorInfo> {
    const shard = this.#shardOf.get(name);
    if (shard === undefined)
      throw notFound(`The bundle has no tensor ${quoted(String(name))}`, this.names.size);
    if (!this.#inShard.has(shard))
      throw notFound(
        `The tensor ${quoted(name)} is in ${quoted(shard)}, which is not in the bundle`,
        this.names.size,
      );
    return (await untilAborted(this.#header(shard), signal)).get(name)!;
  }

  async all(signal: AbortSignal | undefined): Promise<Infos> {
    const shards = [...this.#inShard.keys()];
    const left = shards.values();
    const reading = Array.from({ length: Math.min(AT_ONCE, shards.length) }, async () => {
      for (const shard of left) await untilAborted(this.#header(shard), signal);
    });
    await Promise.all(reading);
    const infos = new Map<string, TensorInfo>();
    for (const shard of shards) for (const [name, info] of await this.#header(shard)) infos.set(name, info);
    return infos;
  }

  read({ member, offset }: TensorInfo, from: number, length: number, signal: AbortSignal | undefined) {
    return this.#bundle.read(member!, offset + from, length, { signal });
  }

  close(): Promise<void> {
    return this.#bundle.close();
  }

  /** For all who want it: only closing ends it early, and what has failed is tried again by who comes next. */
  #header(shard: string): Promise<Infos> {
    const known = this.#headers.get(shard);
    if (known) return known;
    const reading = this.#readHeader(shard);
    this.#headers.set(shard, reading);
    reading.catch(() => this.#headers.delete(shard));
    return reading;
  }

  async #readHeader(shard: string): Promise<Infos> {
    const { tensors } = await readMember(this.#bundle, shard, undefined);
    for (const name of tensors.keys()) {
      const other = this.#shardOf.get(name);
      if (other !== undefined && other !== shard)
        throw invalidIndex(
          this.#index,
          `it has ${quoted(name)} in ${quoted(other)}, and ${quoted(shard)} has a tensor of that name too`,
        );
    }
    // What a shard has besides is none of the model's, and not kept.
    const infos = new Map<string, TensorInfo>();
    for (const name of this.#inShard.get(shard)!) {
      const info = tensors.get(name);
      if (!info)
        throw invalidIndex(
          this.#index,
          `it has ${quoted(name)} in ${quoted(shard)}, which has no such tensor`,
        );
      infos.set(name, Object.freeze({ ...info, member: shard }));
    }
    return infos;
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

import { type Context, WeightsealError } from '@weightseal/core';
import { headerEnd, PREFIX, parseHeader, type SafetensorsHeader, type TensorInfo } from './header.js';
import { quoted } from './invalid.js';

/** Where tensors are: one file, or the shards of a bundle. Holds keys until it is closed. */
export interface Tensors {
  readonly names: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number;
  readonly context: Context;
  /** @throws TENSOR_NOT_FOUND, and what keeps its header from being read */
  info(name: string, signal: AbortSignal | undefined): Promise<TensorInfo>;
  all(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, TensorInfo>>;
  /** Bytes of a tensor, the first of them at `from`. */
  read(
    info: TensorInfo,
    from: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A safetensors file that can be read anywhere. */
export interface Readable {
  readonly size: number;
  read(
    offset: number,
    length: number,
    options: { signal: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** Read at once: a common header, from the first segment, which is decrypted whole for any of it. */
const FIRST = 262_144;

/** @throws SAFETENSORS_INVALID, and what a read throws */
export async function readHeader(
  file: Readable,
  signal: AbortSignal | undefined,
): Promise<SafetensorsHeader> {
  const first = await file.read(0, Math.min(FIRST, file.size), { signal });
  const end = headerEnd(first, file.size);
  if (end <= first.length) return parseHeader(first.subarray(PREFIX, end), file.size);
  const header = new Uint8Array(end);
  header.set(first);
  header.set(await file.read(first.length, end - first.length, { signal }), first.length);
  return parseHeader(header.subarray(PREFIX), file.size);
}

/** A safetensors file by itself, and what is given up with it. */
export interface OneFile extends Readable {
  readonly context: Context;
  close(): Promise<void>;
}

/** The tensors of one file: its header says what there is. */
export function tensorsOfFile(file: OneFile, { tensors, metadata }: SafetensorsHeader): Tensors {
  const { size, context } = file;
  return {
    names: new Set(tensors.keys()),
    metadata,
    size,
    context,
    async info(name) {
      const info = tensors.get(name);
      if (info) return info;
      throw notFound(`The file has no tensor ${quoted(String(name))}`, tensors.size);
    },
    all: () => Promise.resolve(new Map(tensors)),
    read: ({ offset }, from, length, signal) => file.read(offset + from, length, { signal }),
    close: () => file.close(),
  };
}

export function notFound(what: string, count: number): WeightsealError {
  return new WeightsealError(
    'TENSOR_NOT_FOUND',
    `${what}; \`names\` has the names of the ${count} that it has.`,
  );
}

import { MAX_HEADER, MAX_NAMES } from './header.js';
import { invalidIndex, quoted } from './invalid.js';
import { Scanner } from './scanner.js';

/** What an index says: `model.safetensors.index.json`, as Hugging Face's libraries write and read it. */
export interface ShardIndex {
  /** By the name of each tensor, the path in the bundle of the shard that has it. */
  readonly shards: ReadonlyMap<string, string>;
  /** Its `metadata`, without a prototype: `total_size` and the like, as they are written. */
  readonly metadata: Readonly<Record<string, string>>;
}

const MEANT: readonly string[] = ['metadata', 'weight_map'];
/** What is none of these is no step down from the index: empty, the directory itself, the one above it. */
const NO_NAMES: readonly string[] = ['', '.', '..'];

/** As much as a header may have: both name every tensor. @throws SAFETENSORS_INVALID */
export function checkIndexSize(index: string, size: number): void {
  if (size > MAX_HEADER) throw invalidIndex(index, `it has ${size} bytes, and ${MAX_HEADER} are allowed`);
}

/**
 * Reads an index. Whoever sealed it chose what it says: a shard lies beside it or below, and is a safetensors file.
 *
 * @param index its path in the bundle
 * @throws SAFETENSORS_INVALID
 */
export function parseIndex(json: Uint8Array<ArrayBuffer>, index: string): ShardIndex {
  const refuse = (what: string) => invalidIndex(index, what);
  const scanner = new Scanner(json, { name: 'it', refuse });
  if (!scanner.isObject()) throw refuse('it is no JSON object');
  const paths = new Map<string, string>();
  let shards: Map<string, string> | undefined;
  let metadata: Record<string, string> = Object.create(null);
  scanner.object(
    (name) => {
      if (name === 'weight_map') shards = readMap(scanner, index, paths);
      else if (name === 'metadata') metadata = readMetadata(scanner);
      else scanner.skip();
    },
    (name) => MEANT.includes(name),
  );
  scanner.end();
  if (!shards) throw refuse('it has no weight_map');
  return { shards, metadata: Object.freeze(metadata) };
}

/** @param paths of the shards that were named before: many tensors are in one */
function readMap(scanner: Scanner, index: string, paths: Map<string, string>): Map<string, string> {
  if (!scanner.isObject()) throw invalidIndex(index, 'its weight_map is no object');
  const shards = new Map<string, string>();
  scanner.object((tensor) => {
    if (shards.size === MAX_NAMES) throw invalidIndex(index, `it names more than ${MAX_NAMES} tensors`);
    const name = scanner.string();
    const path = paths.get(name) ?? shardPath(index, name);
    paths.set(name, path);
    shards.set(tensor, path);
  });
  return shards;
}

function shardPath(index: string, name: string): string {
  const outside = name.split('/').some((one) => NO_NAMES.includes(one)) || /[\\\0]/.test(name);
  if (outside)
    throw invalidIndex(index, `its shard ${quoted(name)} is no path from its own directory downwards`);
  if (!name.endsWith('.safetensors'))
    throw invalidIndex(index, `its shard ${quoted(name)} is no .safetensors file`);
  return index.slice(0, index.lastIndexOf('/') + 1) + name;
}

/** What is no object says nothing, as to those who load by it. */
function readMetadata(scanner: Scanner): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (!scanner.isObject()) {
    scanner.skip();
    return metadata;
  }
  scanner.object((name) => {
    const value = scanner.scalar();
    if (value !== undefined) metadata[name] = value;
  });
  return metadata;
}

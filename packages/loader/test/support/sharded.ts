import { randomBytes } from 'node:crypto';
import type { Contents } from './plain-bundle.js';
import { type Plain, safetensors } from './safetensors.js';

export const INDEX = 'model.safetensors.index.json';

export interface Sharded {
  readonly contents: Contents;
  /** Every tensor, by its name. */
  readonly tensors: ReadonlyMap<string, Plain>;
}

export function tensor(name: string, ...shape: number[]): Plain {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, dtype: 'F32', shape, bytes: randomBytes(count * 4) };
}

/** An index as `save_pretrained` of transformers writes it: two blanks, names in order, a line end. */
export function indexOf(shards: Readonly<Record<string, readonly Plain[]>>, metadata?: object): string {
  const all = Object.entries(shards).flatMap(([shard, tensors]) =>
    tensors.map(({ name }): [string, string] => [name, shard]),
  );
  const total = Object.values(shards)
    .flat()
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
  const map = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ metadata: metadata ?? { total_size: total }, weight_map: map }, null, 2)}\n`;
}

/** A model in so many shards, as Hugging Face's libraries lay it out. */
export function shardedModel(count = 3): Sharded {
  const shards: Record<string, Plain[]> = {};
  for (let at = 1; at <= count; at++) {
    const name = `model-${String(at).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
    shards[name] = [tensor(`layers.${at}.weight`, 30, 20), tensor(`layers.${at}.bias`, 20)];
  }
  const files = Object.entries(shards).map(([name, tensors]): [string, Buffer] => [
    name,
    safetensors(tensors, { format: 'pt' }),
  ]);
  return {
    contents: { [INDEX]: Buffer.from(indexOf(shards)), ...Object.fromEntries(files) },
    tensors: new Map(
      Object.values(shards)
        .flat()
        .map((one) => [one.name, one]),
    ),
  };
}

import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Scratch } from './scratch.ts';
import { KIB } from './sizes.ts';

/** A directory as a sharded model has it: `bytes` of weights in `count` files, and a configuration. */
export function shardedModel(scratch: Scratch, name: string, bytes: number, count: number): string {
  mkdirSync(scratch.path(name));
  for (let shard = 1; shard <= count; shard++)
    scratch.plaintext(`${name}/model-${five(shard)}-of-${five(count)}.safetensors`, bytes / count);
  writeFileSync(scratch.path(`${name}/config.json`), '{}');
  return scratch.path(name);
}

/** A directory of very many small files, a thousand to a folder. */
export function manySmallFiles(scratch: Scratch, name: string, count: number): string {
  const bytes = Buffer.alloc(KIB);
  for (let file = 0; file < count; file++) {
    const folder = scratch.path(`${name}/${Math.floor(file / 1000)}`);
    if (file % 1000 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${file}.bin`, randomFillSync(bytes));
  }
  return scratch.path(name);
}

function five(number: number): string {
  return String(number).padStart(5, '0');
}

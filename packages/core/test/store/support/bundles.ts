import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreLocation } from '@weightseal/core';
import { pattern } from '../../support/sealed.js';
import type { Temporary } from '../../support/temporary.js';
import { MemoryStore } from './memory-store.js';

/** A model as they are: a large file and small ones, configuration, a link, an empty directory, a program. */
export async function model(files: Temporary, large = 5_000_000): Promise<string> {
  const directory = await files.directory();
  await mkdir(join(directory, 'onnx/deep'), { recursive: true });
  await mkdir(join(directory, 'empty'));
  await writeFile(join(directory, 'config.json'), '{"a":1}');
  await writeFile(join(directory, 'nothing'), '');
  await writeFile(join(directory, 'model.safetensors'), pattern(large));
  await writeFile(join(directory, 'vocab.bin'), pattern(large, 3));
  await writeFile(join(directory, 'onnx/deep/weights.bin'), pattern(100_000, 2));
  await writeFile(join(directory, 'run.sh'), '#!/bin/sh\n');
  await chmod(join(directory, 'run.sh'), 0o755);
  await symlink('../config.json', join(directory, 'onnx/config.json'));
  return directory;
}

/** Puts the files of a directory below a prefix, as any tool does. */
export async function copyIn(directory: string, store: MemoryStore, prefix: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    if ((await stat(path)).isFile()) store.set(`${prefix}/${name}`, await readFile(path));
  }
}

export function placeIn(
  store: MemoryStore = new MemoryStore(),
  key = 'models/m',
): StoreLocation & {
  readonly store: MemoryStore;
} {
  // Nobody waits here for a store that has pauses.
  return { store, key, tuning: { requestTimeoutMs: 5000, attempts: 2 } };
}

/** Names below a prefix. */
export function namesIn({ store, key }: { readonly store: MemoryStore; readonly key: string }): string[] {
  return [...store.objects.keys()]
    .filter((name) => name.startsWith(`${key}/`))
    .map((name) => name.slice(key.length + 1))
    .sort();
}

/** What it fails with; undefined where it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return await work.then(
    () => undefined,
    (error: unknown) => String((error as { code?: unknown }).code ?? error),
  );
}

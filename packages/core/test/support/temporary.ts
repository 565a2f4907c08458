import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export interface Temporary {
  /** A path that nothing has yet. */
  path(name?: string): string;
  /** A new, empty directory. */
  directory(): Promise<string>;
}

/** Paths in a directory that goes with the test file. */
export async function temporary(): Promise<Temporary> {
  const root = await mkdtemp(join(tmpdir(), 'weightseal-core-'));
  afterAll(() => rm(root, { recursive: true }));
  let count = 0;
  return {
    path: (name = 'file') => join(root, `${++count}-${name}`),
    directory: () => mkdtemp(join(root, 'd-')),
  };
}

/** A sealed file and what lies beside it. */
export function withManifest(name: string): string[] {
  return [name, `${name}.weightseal.manifest.json`];
}

/** Everything in a directory, hidden files too. */
export async function everythingIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}

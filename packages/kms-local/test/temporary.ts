import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Makes a function that gives a new path each time, in a directory that goes with the test file. */
export async function temporary(): Promise<(name?: string) => string> {
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-kms-local-'));
  // Open to all, so that a file's own mode counts.
  await chmod(directory, 0o755);
  afterAll(() => rm(directory, { recursive: true }));
  let count = 0;
  return (name = 'key') => join(directory, `${++count}-${name}`);
}

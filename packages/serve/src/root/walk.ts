import { readdir } from 'node:fs/promises';
import { type Directory, throwIfAborted } from '@weightseal/core';
import { documentOf, joined } from '../http/path.js';
import type { Candidate } from './root.js';

const MAX_DEPTH = 64;
const ENVELOPE = 'weightseal.json';

/** What lies below a directory, in the order of names. One directory is open at a time, however deep they are; one that cannot be read has nothing in it. */
export async function* walk(
  root: { reach(path: string): Promise<Directory> },
  path: string,
  signal: AbortSignal,
  depth = 0,
): AsyncGenerator<Candidate, void, undefined> {
  throwIfAborted(signal);
  const entries = await namesIn(root, path);
  if (entries.some(({ name }) => name === ENVELOPE)) {
    yield { kind: 'bundle', path };
    return;
  }
  for (const entry of entries) {
    const at = joined(path, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      if (depth < MAX_DEPTH) yield* walk(root, at, signal, depth + 1);
      // A link may be one of a hub's cache: whoever opens it knows.
    } else if ((entry.isFile() || entry.isSymbolicLink()) && !documentOf(at)) {
      yield { kind: 'file', path: at };
    }
  }
}

async function namesIn(root: { reach(path: string): Promise<Directory> }, path: string) {
  try {
    await using directory = await root.reach(path);
    const entries = await readdir(directory.path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

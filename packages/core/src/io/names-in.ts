import type { Dirent } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';

/** A name in a directory. */
export interface Named {
  readonly name: string;
  readonly entry: Dirent;
  /** Whether the name is no UTF-8, so that as a text it is another: perhaps one that is there too, and comes first. */
  readonly odd: boolean;
}

/** Reads a directory bit by bit, however much is in it. @throws what the system says, as Node puts it */
export async function* namesIn(directory: string): AsyncGenerator<Named> {
  const told = new Set<string>();
  for await (const entry of await opendir(directory, { bufferSize: 1024 })) {
    const { name } = entry;
    // What is no UTF-8 has become U+FFFD. Bun reads no directory as bytes bit by bit.
    const suspect = name.includes('\ufffd');
    yield { name, entry, odd: suspect && (told.has(name) || !(await isThere(directory, name))) };
    if (suspect) told.add(name);
  }
}

/** Whether there is one of these very bytes. */
async function isThere(directory: string, name: string): Promise<boolean> {
  return (await readdir(directory, 'buffer')).some((bytes) => Buffer.compare(bytes, Buffer.from(name)) === 0);
}

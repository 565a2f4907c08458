import type { Dirent } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';

/** A name in a directory. */
export interface Named {
  readonly name: string;
  readonly entry: Dirent;
  /** Whether the name is no UTF-8, or one beside it looks the same: as a text it is another. */
  readonly odd: boolean;
}

/** Reads a directory bit by bit, however much is in it. @throws what the system says, as Node puts it */
export async function* namesIn(directory: string): AsyncGenerator<Named> {
  for await (const entry of await opendir(directory, { bufferSize: 1024 })) {
    const { name } = entry;
    // What is no UTF-8 has become U+FFFD. Bun reads no directory as bytes bit by bit.
    yield { name, entry, odd: name.includes('\ufffd') && !(await isExact(directory, name)) };
  }
}

async function isExact(directory: string, name: string): Promise<boolean> {
  const alike = (await readdir(directory, 'buffer')).filter((bytes) => bytes.toString() === name);
  return alike.length === 1 && Buffer.compare(alike[0]!, Buffer.from(name)) === 0;
}

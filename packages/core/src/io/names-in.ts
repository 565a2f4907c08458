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
  let all: Set<string> | undefined;
  for await (const entry of await opendir(directory, { bufferSize: 1024 })) {
    const { name } = entry;
    let odd = false;
    // What is no UTF-8 has become U+FFFD. Bun reads no directory as bytes bit by bit.
    if (name.includes('\ufffd')) {
      all ??= new Set((await readdir(directory, 'buffer')).map(spelled));
      odd = told.has(name) || !all.has(spelled(Buffer.from(name)));
      told.add(name);
    }
    yield { name, entry, odd };
  }
}

function spelled(bytes: Buffer): string {
  return bytes.toString('latin1');
}

import { readFile } from 'node:fs/promises';

/** The secrets in a key file, read with none of the code under test. */
export async function secretsIn(path: string): Promise<Uint8Array[]> {
  const lines = (await readFile(path, 'latin1')).split('\n');
  return lines.filter((line) => line.startsWith('key ')).map((line) => Buffer.from(line.slice(-64), 'hex'));
}

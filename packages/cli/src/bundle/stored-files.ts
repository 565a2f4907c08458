import { fs } from '../builtins.js';

/** A file of a bundle, as it lies there. */
export interface StoredFile {
  readonly path: string;
  readonly sealedSize: number;
}

const OWN = new Set(['weightseal.json', 'weightseal.table']);
const PASSING = /^\.[0-9a-f]{1,32}\.weightseal-(?:lock|tmp)$/;
/** As deep as a bundle can be. */
const DEPTH = 64;

/** Node's promises have four threads below them; more at once only waits there. */
const LOOKS = 32;

/** What stands in a bundle besides envelope and table: names and sizes, with nothing opened and no link followed. */
export async function storedFiles(root: string, signal: AbortSignal): Promise<StoredFile[]> {
  const files: string[] = [];
  const look = async (directory: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const at = directory === '' ? root : `${root}/${directory}`;
    for (const found of await fs.promises.readdir(at, { withFileTypes: true })) {
      const file = directory === '' ? found.name : `${directory}/${found.name}`;
      if (found.isDirectory() && depth < DEPTH) await look(file, depth + 1);
      else if (!found.isDirectory() && !(directory === '' && isOwn(file))) files.push(file);
    }
  };
  await look('', 1);
  files.sort();
  const stored: StoredFile[] = [];
  for (let from = 0; from < files.length; from += LOOKS) {
    signal.throwIfAborted();
    const some = files.slice(from, from + LOOKS);
    const stats = await Promise.all(some.map((file) => fs.promises.lstat(`${root}/${file}`)));
    stored.push(...some.map((path, at) => ({ path, sealedSize: stats[at]!.size })));
  }
  return stored;
}

function isOwn(file: string): boolean {
  return OWN.has(file) || PASSING.test(file);
}

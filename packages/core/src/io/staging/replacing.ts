import { lstat, open, rename, rm } from 'node:fs/promises';
import { closing } from '../closing.js';
import type { Directory } from '../output/directory.js';
import { makeDurable } from '../output/durable.js';
import { MADE, nameBeside, REPLACING, randomName, UNDONE } from './names.js';

// Node has no call that exchanges two directories. Between two renames the old one stands beside, whole, and the staging directory of the new one says which it is.

const MAX_BYTES = 8192;

/** What stands aside, and the output that it was. */
export interface Replacing {
  readonly aside: string;
  readonly ino: bigint;
  readonly output: string;
}

/**
 * Puts the directory of this name aside, until the work is done, and removes it then. What the work throws puts it back.
 */
export async function replacing(
  above: Directory,
  output: string,
  staging: Directory,
  work: () => Promise<void>,
): Promise<void> {
  const { ino } = await lstat(above.at(output), { bigint: true });
  const aside = await freeName(above, output);
  await remember(staging, { aside, ino, output });
  await rename(above.at(output), above.at(aside));
  try {
    await work();
  } catch (error) {
    await rename(above.at(aside), above.at(output));
    throw error;
  }
  await above.sync();
  await rm(above.at(aside), { recursive: true, force: true });
}

async function freeName(above: Directory, output: string): Promise<string> {
  const aside = nameBeside(output, 'old');
  const found = await lstat(above.at(aside)).catch(() => undefined);
  return found ? randomName('old') : aside;
}

async function remember(staging: Directory, { aside, ino, output }: Replacing): Promise<void> {
  const file = await open(staging.at(REPLACING), 'wx', 0o600);
  await using _file = closing(file);
  await file.writeFile(JSON.stringify([aside, String(ino), output]));
  await makeDurable(file);
}

/** What a staging directory says to stand aside; undefined where nothing does. */
export async function readReplacing(staging: Directory): Promise<Replacing | undefined> {
  try {
    const file = await open(staging.at(REPLACING));
    await using _file = closing(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const [aside, ino, output] = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as string[];
    return { aside: aside!, ino: BigInt(ino!), output: output! };
  } catch {
    return undefined;
  }
}

/**
 * After a kill: what stood aside gets its name back, or goes where the new one has that. Only if it is what it was: others may be able to rename here.
 *
 * @throws where something else has the name by now: what stands aside is all that there is of it
 */
export async function settle(
  above: Directory,
  staging: Directory,
  { aside, ino, output }: Replacing,
): Promise<void> {
  const found = await lstat(above.at(aside), { bigint: true }).catch(() => undefined);
  if (found?.ino === ino) {
    const has = async (path: string): Promise<boolean> =>
      (await lstat(path).catch(() => undefined)) !== undefined;
    const published = !(await has(staging.at(MADE))) && !(await has(staging.at(UNDONE)));
    if (!(await has(above.at(output)))) await rename(above.at(aside), above.at(output));
    else if (published) await rm(above.at(aside), { recursive: true, force: true });
    else throw new Error(`${aside} was ${output}, and something else has that name.`);
  }
  await rm(staging.at(REPLACING), { force: true });
}

/** Where even the staging directory is gone: the old one, by the name that it stands aside under. */
export async function putBack(above: Directory, output: string): Promise<void> {
  const there = await lstat(above.at(output)).catch(() => undefined);
  if (!there) await rename(above.at(nameBeside(output, 'old')), above.at(output)).catch(() => {});
}

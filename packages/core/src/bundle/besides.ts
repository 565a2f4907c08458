import { readdir } from 'node:fs/promises';
import { ENVELOPE_NAME } from '../format/path.js';
import type { Besides } from '../io/output/output-directory.js';
import type { Entry } from './entry.js';

// What a directory holds that the one which is to take its place does not replace.

/** A bundle is replaced as a whole: it has nothing that is not its own. */
export const besidesBundle: Besides = async (directory) => {
  const names = await readdir(directory.path);
  return names.includes(ENVELOPE_NAME) ? undefined : names[0];
};

/** Of what was opened before, only what is opened again. */
export function besidesMembers(entries: readonly Entry[]): Besides {
  const paths = new Set(entries.map(({ path }) => path));
  return (directory) => firstOther(directory.path, '', paths);
}

async function firstOther(
  directory: string,
  below: string,
  paths: ReadonlySet<string>,
): Promise<string | undefined> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = `${below}${entry.name}`;
    if (!paths.has(path)) return path;
    if (!entry.isDirectory()) continue;
    const found = await firstOther(`${directory}/${entry.name}`, `${path}/`, paths);
    if (found !== undefined) return found;
  }
  return undefined;
}

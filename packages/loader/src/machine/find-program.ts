import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** Where programs are looked for: what is not absolute would mean another place in every working directory. */
export function searchPath(): string {
  const entries = (process.env['PATH'] ?? '').split(':').filter((entry) => isAbsolute(entry));
  return entries.length > 0 ? entries.join(':') : '/usr/bin:/bin';
}

/** The path of a program of the system's. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const entry of searchPath().split(':')) {
    const path = join(entry, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

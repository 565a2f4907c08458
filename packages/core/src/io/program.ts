import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

const LAST_RESORT = ['/usr/bin', '/bin'];
const WRITABLE_BY_OTHERS = 0o022;

/** Where a program is that we may start: in an absolute directory of PATH, or else where systems have theirs, and not where others can put one. */
export async function findProgram(name: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const named = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  for (const directory of [...named, ...LAST_RESORT]) {
    const path = join(directory, name);
    if ((await keptSafe(directory)) && (await keptSafe(path)) && (await runs(path))) return path;
  }
  return undefined;
}

async function keptSafe(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.mode & WRITABLE_BY_OTHERS) === 0;
}

function runs(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

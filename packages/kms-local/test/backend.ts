import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Files with these names behave as a dead network mount, a broken disk, and another user's file would. */
export const HANGS = 'hangs';
export const BREAKS = 'breaks';
export const DENIES = 'denies';

/** How often each file was opened. */
export const opened: Map<string, number> = new Map();

const { open } = fs;

fs.open = (async (path, ...rest) => {
  const name = String(path);
  opened.set(name, (opened.get(name) ?? 0) + 1);
  if (name.endsWith(HANGS)) return new Promise<never>(() => {});
  // The tests may run as root, to whom nothing is denied.
  if (name.endsWith(DENIES)) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
  if (name.endsWith(BREAKS)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  return open(path, ...rest);
}) as typeof open;
syncBuiltinESMExports();

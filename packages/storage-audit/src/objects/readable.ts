import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoredEntry } from '@weightseal/core';
import type { Finding } from '../types.js';
import { found } from './found.js';
import type { Place } from './place.js';

const OTHERS_READ = 0o004;
const OTHERS_PASS = 0o001;

/** Of plain weights on a disk: whether every user of the machine can read them, by their mode and that of each directory above. What access lists and mounts say beside is not looked at. */
export async function readableBy(place: Place, { path }: StoredEntry): Promise<Finding[]> {
  const at = place.at(path);
  if (typeof at !== 'string' || process.platform === 'win32') return [];
  const resource = place.nameOf(path);
  try {
    if (!(await isForAll(at))) return [];
    return [found('readable', resource, 'failed', 'Every user of this machine can read it, by its mode.')];
  } catch (error) {
    const { code = 'no reason' } = error as NodeJS.ErrnoException;
    return [found('readable', resource, 'unread', `Its mode could not be read (${code}).`)];
  }
}

async function isForAll(path: string): Promise<boolean> {
  const real = await realpath(path);
  if (((await stat(real)).mode & OTHERS_READ) === 0) return false;
  for (let above = dirname(real); ; above = dirname(above)) {
    if (((await stat(above)).mode & OTHERS_PASS) === 0) return false;
    if (above === dirname(above)) return true;
  }
}

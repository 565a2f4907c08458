import { mkdir, symlink } from 'node:fs/promises';
import { ioError } from '../errors.js';
import { shown } from '../format/path.js';
import { Directory } from '../io/output/directory.js';
import type { Entry } from './entry.js';
import type { Outputs } from './open-members.js';
import { checkSystemNames } from './system-names.js';
import type { BundleMember, BundlePlace } from './types.js';

/** Where members are written, and how what is no file gets there. */
export interface Where {
  readonly outputs: Outputs;
  /** Whether all of them can be written there. @throws PATH_INVALID */
  check?(entries: readonly Entry[]): void;
  directory(path: string): Promise<void>;
  link(path: string, to: string): Promise<void>;
}

/** Nowhere: they are only authenticated. */
export const NOWHERE: Where = {
  outputs: { sync: false },
  directory: () => Promise.resolve(),
  link: () => Promise.resolve(),
};

/** A directory that exists, into which threads write by themselves. */
export function inDirectory(place: string, sync: boolean): Where {
  return {
    outputs: { directory: place, sync },
    check: checkSystemNames,
    directory: (path) => made(mkdir(`${place}/${path}`, { mode: 0o700 }), path),
    link: (path, to) => made(symlink(to, `${place}/${path}`), path),
  };
}

/** Where the caller says, place by place. */
export function atPlace(place: BundlePlace, memberOf: (entry: Entry) => BundleMember): Where {
  return {
    outputs: {
      sync: false,
      file: (entry) => place.file(memberOf(entry) as Parameters<BundlePlace['file']>[0]),
    },
    directory: (path) => place.directory(path),
    link: (path, to) => place.link(path, to),
  };
}

async function made(making: Promise<void>, path: string): Promise<void> {
  await making.catch((error: unknown) => {
    throw ioError(error, `create ${shown(path)}`);
  });
}

/** The names in a directory are as durable as what is in them. */
export async function syncDirectories(place: Directory, entries: readonly Entry[]): Promise<void> {
  for (const { kind, path } of entries) {
    if (kind !== 'directory') continue;
    await using directory = await Directory.open(place.at(path));
    await directory.sync();
  }
}

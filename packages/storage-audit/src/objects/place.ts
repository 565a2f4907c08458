import {
  checkPath,
  isLocation,
  type StoredAt,
  type StoredEntry,
  type StoreLocation,
  uriOf,
} from '@weightseal/core';

/** Where objects lie, in a store or on a disk: their names, and in which order they come. */
export interface Place {
  readonly name: string;
  readonly location?: StoreLocation | undefined;
  /** What core takes for one of its objects. */
  at(path: string): StoreLocation | string;
  /** Its path or URI, for findings. */
  nameOf(path: string): string;
  /** By which an object is found again in the order of the listing, although others came or went. */
  cursorOf(entry: StoredEntry): string;
  /** Whether what has the one cursor comes before what has the other, or is the same. */
  isNotAfter(cursor: string, other: string): boolean;
}

/** @throws INVALID_ARGUMENT */
export function placeOf(given: StoredAt): Place {
  return isLocation(given) ? inStore(given) : onDisk(checkPath(given, 'What is audited'));
}

function inStore(location: StoreLocation): Place {
  const at = (path: string) => ({ ...location, key: [location.key, path].filter(Boolean).join('/') });
  return {
    name: uriOf(location),
    location,
    at,
    nameOf: (path) => uriOf(at(path)),
    // Stores have no directories: a bundle comes where its prefix does.
    cursorOf: ({ kind, path }) => (kind === 'bundle' ? `${path}/` : path),
    isNotAfter: (cursor, other) => Buffer.compare(Buffer.from(cursor), Buffer.from(other)) <= 0,
  };
}

function onDisk(directory: string): Place {
  const at = (path: string) => (path === '' ? directory : `${directory.replace(/\/$/, '')}/${path}`);
  return {
    name: directory,
    at,
    nameOf: at,
    cursorOf: ({ path }) => path,
    isNotAfter(cursor, other) {
      const [a, b] = [cursor.split('/'), other.split('/')];
      const differs = a.findIndex((name, index) => name !== b[index]);
      if (differs < 0) return true;
      const there = b[differs];
      // What is below a directory comes after it.
      return there !== undefined && a[differs]! < there;
    },
  };
}

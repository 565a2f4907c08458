import type { Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { eachListed, inOrder, ioError, type LyingFile, throwIfAborted } from '@weightseal/core';
import type { Finding } from '../types.js';
import { counted, found, isEnd, isGone, toldOf } from './found.js';
import type { Place } from './place.js';
import { GONE, lies, see } from './plain.js';

/** As many as of a bundle's own files. */
const MOST_LOOKED_AT = 1000;
const AT_ONCE = 8;
const UNKNOWN = 4096;

/**
 * What lies below something that is called a bundle, and whose head or manifest says nothing of it: whoever can write there could hide all else behind a name. What begins as sealed is taken for that.
 * Undefined where nothing is there any more.
 */
export async function lookInside(
  place: Place,
  path: string,
  why: string,
  signal: AbortSignal | undefined,
): Promise<Finding[] | undefined> {
  const resource = place.nameOf(path);
  const findings = [found('plain', resource, 'unread', why)];
  const seen = { count: 0 };
  const some = async function* () {
    for await (const file of filesBelow(place, path, signal)) if (++seen.count <= MOST_LOOKED_AT) yield file;
  };
  try {
    for await (const told of inOrder(some(), AT_ONCE, (file) => lookAtOne(place, path, file, signal)))
      findings.push(...told);
  } catch (error) {
    if (isEnd(error)) throw error;
    if (isGone(error)) return undefined;
    const evidence = `What lies in it could not be listed. ${toldOf(error)}`;
    return [...findings, found('plain', resource, 'unread', evidence)];
  }
  const rest = seen.count - MOST_LOOKED_AT;
  if (rest <= 0) return findings;
  const more = (number: string) => `In it lie ${number} more files, which were not looked at.`;
  return [...findings, counted('plain', resource, 'unread', more, rest)];
}

async function lookAtOne(
  place: Place,
  bundle: string,
  { path, sealedSize }: LyingFile,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const name = [bundle, path].filter(Boolean).join('/');
  const seen = await see(place, name, sealedSize, signal);
  if (seen === 'sealed' || seen === 'payload') return [];
  if (seen === 'gone') return [found('plain', place.nameOf(name), 'unread', GONE)];
  if ('format' in seen) return [found('plain', place.nameOf(name), 'failed', lies(seen.format, sealedSize))];
  return seen.unread === undefined ? [] : [found('plain', place.nameOf(name), 'unread', seen.unread)];
}

async function* filesBelow(
  place: Place,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<LyingFile, void, undefined> {
  const at = place.at(path);
  if (typeof at === 'string') return yield* onDisk(at, '', signal);
  const from = at.key === '' ? 0 : at.key.length + 1;
  for await (const one of eachListed(at, { oneLevel: false }, signal))
    if (!('prefix' in one)) yield { path: one.key.slice(from), sealedSize: one.size };
}

/** Links to directories are not followed, and told as such. */
async function* onDisk(
  root: string,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<LyingFile, void, undefined> {
  throwIfAborted(signal);
  let entries: Dirent[];
  try {
    entries = await readdir(path === '' ? root : `${root}/${path}`, { withFileTypes: true });
  } catch (error) {
    throw ioError(error, `look into ${root}`);
  }
  for (const entry of entries) {
    const name = [path, entry.name].filter(Boolean).join('/');
    if (entry.isDirectory()) yield* onDisk(root, name, signal);
    else {
      const own = `${root}/${name}`;
      const stats = await stat(own).catch(() => lstat(own).catch(() => undefined));
      // One that has no such name, since that is no UTF-8, is to be looked for, and told.
      yield { path: name, sealedSize: stats?.size ?? UNKNOWN };
    }
  }
}

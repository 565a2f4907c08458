// Tries to read the plaintext of another process in every way that a user has, and tells which ways found the marker.

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
} from 'node:fs';

const { pid, path, places, own, marker } = JSON.parse(process.argv[2]);
const needle = Buffer.from(marker, 'latin1');
const found = [];
let tried = 0;
let refused = 0;

/** Runs one way, which gives bytes. */
function attempt(way, read) {
  tried++;
  try {
    if (read().includes(needle)) found.push(way);
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(error.code)) refused++;
  }
}

const names = (directory) => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

function walk(way, directory, depth) {
  for (const name of names(directory)) {
    const at = `${directory}/${name}`;
    try {
      const stats = lstatSync(at);
      if (stats.isDirectory() && depth > 0) walk(way, at, depth - 1);
      else if (stats.isFile() || stats.isSymbolicLink()) attempt(way, () => head(at));
    } catch {}
  }
}

attempt('its path', () => head(path));
for (const place of places) walk('looking around', place, 3);
for (const place of places) walk('its root', `/proc/${pid}/root${place}`, 3);
attempt('its root and path', () => head(`/proc/${pid}/root${path}`));
attempt('its working directory', () => readdirSync(`/proc/${pid}/cwd`).join());
for (const thread of [pid, ...names(`/proc/${pid}/task`)]) {
  // Whoever cannot list them guesses.
  for (let fd = 0; fd < 64; fd++) {
    attempt('its descriptors', () => fileAt(`/proc/${thread}/fd/${fd}`));
  }
}
// A directory that it holds open leads to what has no other way to it.
for (let fd = 0; fd < 64; fd++) walk('its directories', `/proc/${pid}/fd/${fd}`, 1);
for (const name of names(`/proc/${pid}/map_files`))
  attempt('what it maps', () => fileAt(`/proc/${pid}/map_files/${name}`));
attempt('its maps', () => readFileSync(`/proc/${pid}/maps`));
attempt('its memory', memory);
for (const [way, from] of [
  ['a hard link', path],
  ['a hard link to a descriptor', undefined],
]) {
  const link = `${own}/link`;
  attempt(way, () => {
    if (from) linkSync(from, link);
    else
      execFileSync(
        'sh',
        [
          '-c',
          'for fd in /proc/$1/fd/*; do ln -L "$fd" "$2" && grep -qF "$3" "$2" && exit; rm -f "$2"; done; exit 1',
          'sh',
          String(pid),
          link,
          marker,
        ],
        { stdio: 'ignore' },
      );
    try {
      return head(link);
    } finally {
      rmSync(link, { force: true });
    }
  });
}

/** As much as has the marker more than once, of whatever is no pipe: that would wait. */
function head(at) {
  const fd = openSync(at, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const piece = Buffer.alloc(65_536);
    return piece.subarray(0, readSync(fd, piece, 0, piece.length, 0));
  } finally {
    closeSync(fd);
  }
}

function fileAt(at) {
  // Not what has no end.
  if (!/^\//.test(readlinkSync(at)) || /^\/dev\/(?!shm)/.test(readlinkSync(at))) return Buffer.alloc(0);
  return head(at);
}

function memory() {
  const fd = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const [, from, to, mode, inode] = /^([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ (\d+)/.exec(line) ?? [];
      if (inode !== '0' || mode[0] !== 'r' || !mode.startsWith('rw')) continue;
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += 1 << 20) {
        const piece = Buffer.alloc(Math.min((1 << 20) + needle.length, end - at));
        try {
          readSync(fd, piece, 0, piece.length, at);
        } catch {
          break;
        }
        if (piece.includes(needle)) return piece;
      }
    }
    return Buffer.alloc(0);
  } finally {
    closeSync(fd);
  }
}

process.stdout.write(`attacked ${JSON.stringify({ tried, refused, found: [...new Set(found)].sort() })}\n`);

import {
  appendFileSync,
  closeSync,
  copyFileSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

// Somebody else who may write where we read or write, and does so without a pause until he is killed: changes one thing, and puts it back. What he does follows from the seed; when, from the
// machine. `target` is attacked, `sound` what is put back, `other` is like it and another, `away` his own place, on the same file system, with a pipe in it, `outside` what is not to be touched.
const { target, sound, other, away, outside, files, directories, kinds, seed, restMs } = JSON.parse(
  process.argv[2],
);
/** What he meets while the other side makes changes, too. */
const MET = ['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ELOOP', 'EINVAL', 'EXDEV'];

let state = seed >>> 0;
let count = 0;
const clock = new Int32Array(new SharedArrayBuffer(4));

function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}

function one(list) {
  return list[below(list.length)];
}

function fresh() {
  return join(away, String(count++));
}

/** Some microseconds to some milliseconds. */
function pause() {
  Atomics.wait(clock, 0, 0, below(4));
}

/** Between two changes; now and then for longer, where he is told so. */
function rest() {
  if (restMs !== undefined && below(8) === 0) Atomics.wait(clock, 0, 0, restMs);
  else pause();
}

/** In one step, whatever stands there. */
function put(path, make) {
  const made = fresh();
  make(made);
  renameSync(made, path);
}

function aside(path, meanwhile) {
  const at = fresh();
  renameSync(path, at);
  meanwhile(at);
  renameSync(at, path);
}

/** What is done to a file before it is put back. */
const TO_FILES = {
  link: (path, file) => put(path, (made) => symlinkSync(join(sound, file), made)),
  linkToOther: (path, file) => put(path, (made) => symlinkSync(join(other, file), made)),
  outside: (path) => put(path, (made) => symlinkSync(join(outside, 'secret'), made)),
  // mkfifo is a process: one pipe, under as many names as are needed.
  pipe: (path) => put(path, (made) => linkSync(join(away, 'pipe'), made)),
  exchange: (path) => put(path, (made) => copyFileSync(join(sound, one(files)), made)),
  other: (path, file) => put(path, (made) => copyFileSync(join(other, file), made)),
  cut: (path) => truncateSync(path, below(statSync(path).size)),
  extend: (path) => appendFileSync(path, 'more'),
  scribble(path) {
    const at = below(statSync(path).size);
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(1 + below(64), below(256)), 0, undefined, at);
    closeSync(fd);
  },
  gone: (path) => rmSync(path),
};

/** What is done to a directory, and put back. */
const TO_DIRECTORIES = {
  directory: (path, directory) =>
    aside(path, (moved) => {
      symlinkSync(one([join(outside, directory), moved, outside]), path);
      pause();
      rmSync(path);
    }),
  linked: (path) =>
    aside(path, (moved) => {
      symlinkSync(moved, path);
      pause();
      rmSync(path);
    }),
  moved: (path) => aside(path, pause),
  extra(path) {
    const at = join(path, 'extra');
    writeFileSync(at, 'extra');
    pause();
    rmSync(at);
  },
  /** What the other side makes on its way to an output. */
  staging(path) {
    const staging = readdirSync(path).find((name) => /\.weightseal-(?:tmp|part)$/.test(name));
    if (staging === undefined) return;
    renameSync(join(path, staging), fresh());
    symlinkSync(outside, join(path, staging));
  },
};

function attack() {
  const kind = one(kinds);
  if (kind in TO_DIRECTORIES) {
    const directory = one(directories);
    TO_DIRECTORIES[kind](join(target, directory), directory);
    return;
  }
  const file = one(files);
  const path = join(target, file);
  try {
    TO_FILES[kind](path, file);
    pause();
  } finally {
    put(path, (made) => copyFileSync(join(sound, file), made));
  }
}

console.log('begun');
for (const parent = process.ppid; process.ppid === parent; rest()) {
  try {
    attack();
  } catch (error) {
    if (!MET.includes(error.code)) throw error;
  }
}

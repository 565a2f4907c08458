import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { kindOf } from '../../src/machine/file-system.js';

const WRITES = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'];
/** These carry bytes that the trace does not show. The second of each is the index of the descriptor that is written to. */
const COPIES: Readonly<Record<string, number>> = {
  copy_file_range: 2,
  sendfile: 0,
  splice: 2,
};
const OTHERS = [
  'open',
  'openat',
  'openat2',
  'creat',
  'mmap',
  'vmsplice',
  'io_uring_setup',
  'io_uring_enter',
  'swapon',
];
/** More than any single write has, so that no byte stays unseen. */
const STRING = 16 * 1_048_576;

/**
 * Makes every disk read-only, but for one directory: so what a trace names outside of that and of file systems in memory is not on a disk, also where it
 * has a path like `/model.onnx`, as what is in a mount of no namespace has.
 */
const SHELL = `
mount --bind "$1" "$1" || exit 77
while read -r _ at type _; do
  case $type in proc|sysfs|tmpfs|ramfs|devtmpfs|devpts|cgroup*|mqueue) continue;; esac
  case "$at" in "$1") continue;; esac
  mount -o remount,bind,ro "$(printf '%b' "$at")" 2>/dev/null
done </proc/self/mounts
touch /var/weightseal-test 2>/dev/null && exit 77
shift
exec "$@"
`;

/** A command, traced, where nothing but the one directory can be written to on a disk. */
export function traced(out: string, directory: string, command: readonly string[]): string[] {
  const calls = [...WRITES, ...Object.keys(COPIES), ...OTHERS].map((name) => `?${name}`).join(',');
  return [
    ...['unshare', '--mount', 'sh', '-c', SHELL, 'sh', directory],
    ...[
      'strace',
      '-f',
      '-q',
      '-yy',
      '-xx',
      '-s',
      String(STRING),
      '-e',
      `trace=${calls}`,
      '-e',
      'signal=none',
      // What goes through a ring is no call that could be seen.
      '-e',
      'inject=io_uring_setup:error=ENOSYS',
    ],
    ...['-o', out, '--', ...command],
  ];
}

export interface Trace {
  /** How many times what is written in memory has the marker: whether the trace has seen all of it. */
  readonly markers: number;
  /** The paths on a disk that got a byte run of the model, or something that the trace cannot show. */
  readonly onDisk: readonly string[];
  /** The paths not on a disk that got one: the control. */
  readonly inMemory: readonly string[];
  /** The paths that were opened for writing, or were tried to, and are not in memory. */
  readonly opened: readonly string[];
  /** Calls that must not occur. */
  readonly forbidden: readonly string[];
}

const text = (hex: string) => Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString('latin1');
const STRINGS = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g;

export function parseTrace(out: string, marker: Buffer, own: RegExp): Trace {
  const onDisk = new Set<string>();
  const inMemory = new Set<string>();
  const opened = new Set<string>();
  const forbidden = new Set<string>();
  let markers = 0;
  const needle = marker.toString('hex');
  for (const { name, args, result } of callsIn(readFileSync(out, 'latin1'))) {
    // Node makes one to wait with, and not for files: those would take a thread of the kernel.
    if (name === 'io_uring_setup' && !/SQPOLL/.test(args)) continue;
    if (name.startsWith('io_uring') || name === 'swapon' || name === 'vmsplice') forbidden.add(name);
    else if (WRITES.includes(name) || name in COPIES) {
      const path = pathIn(args, COPIES[name] ?? 0);
      if (path === undefined || isDevice(path)) continue;
      const cut = /"\.\.\./.test(args);
      const times = args.replaceAll('\\x', '').split(needle).length - 1;
      if (times === 0 && !cut && !(name in COPIES)) continue;
      if (isDisk(path, own)) onDisk.add(path);
      else {
        inMemory.add(path);
        markers += times;
      }
    } else if (name === 'mmap') {
      const shared = /PROT_WRITE/.test(args) && /MAP_SHARED/.test(args) && !/MAP_ANONYMOUS/.test(args);
      const path = shared ? pathIn(args, 0) : undefined;
      if (path !== undefined && !isDevice(path) && isDisk(path, own)) onDisk.add(path);
    } else if (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(args) || name === 'creat') {
      // What could not be opened has no path but the one that was asked for.
      const path = pathIn(result, 0) ?? text([...args.matchAll(STRINGS)][0]?.[1] ?? '');
      if (!isDevice(path) && isDisk(path, own)) opened.add(path);
    }
  }
  const sorted = (set: Set<string>) => [...set].sort();
  return {
    markers,
    onDisk: sorted(onDisk),
    inMemory: sorted(inMemory),
    opened: sorted(opened),
    forbidden: sorted(forbidden),
  };
}

interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

/** The calls of all threads; one that another interrupts is put together again. */
function* callsIn(trace: string): Generator<Call> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, pid, rest] = /^([0-9]+) +(.*)$/.exec(line) ?? [];
    if (pid === undefined || rest === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. [a-z0-9_]+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${begun.get(pid) ?? ''}${resumed[1]}` : rest;
    if (resumed) begun.delete(pid);
    const open = whole.indexOf('(');
    const close = whole.lastIndexOf(') = ') >= 0 ? whole.lastIndexOf(') = ') : whole.lastIndexOf(')');
    if (!/^[a-z0-9_]+\($/.test(whole.slice(0, open + 1)) || close < open) continue;
    yield { name: whole.slice(0, open), args: whole.slice(open + 1, close), result: whole.slice(close + 1) };
  }
  // One that never came back, since its process was killed, may have done what it was to do.
  for (const text of begun.values()) {
    const open = text.indexOf('(');
    yield { name: text.slice(0, open), args: text.slice(open + 1), result: '' };
  }
}

/** The path of the nth descriptor among the arguments, as strace has decoded it. */
function pathIn(args: string, nth: number): string | undefined {
  const paths = [...args.matchAll(/(?:^|[ =,])-?[0-9]+<((?:\\x[0-9a-f]{2})+|[^>\\]*)(?:>|<)/g)];
  const all = args.split(', ').map((arg) => /^(?: *=? *)?[0-9]+<([^>]*)/.exec(arg)?.[1]);
  const found = nth === 0 ? paths[0]?.[1] : all[nth];
  if (found === undefined) return undefined;
  return found.startsWith('\\x') ? text(found) : found;
}

/** What has no bytes of its own: pipes, sockets, terminals, /dev/null, /proc. */
function isDevice(path: string): boolean {
  return !path.startsWith('/') || /^\/(?:proc|sys)\//.test(path) || /^\/dev\/(?!shm\/)/.test(path);
}

function isDisk(path: string, own: RegExp): boolean {
  // The root directory cannot be written to: what has a path right in it is in a mount of no namespace.
  if (own.test(path)) return false;
  let directory = dirname(path);
  while (!existsSync(directory)) directory = dirname(directory);
  return kindOf(statfsSync(directory).type) === 'other';
}

/** Why it cannot be traced here; undefined where it can. */
export function whyNotTraced(): string | undefined {
  try {
    execFileSync('strace', ['-f', '-q', '-o', '/dev/null', '-e', 'trace=write', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return absent ? 'strace is not installed here' : 'this machine does not let strace trace';
  }
}

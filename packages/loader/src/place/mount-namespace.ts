import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { findProgram, searchPath } from '@weightseal/core';
import { hasOwnNumbers } from '../machine/own-numbers.js';
import { isShortage, startError } from './place-error.js';

/** Nothing of what these helpers do takes longer than milliseconds. */
const DEADLINE_MS = 5_000;
const CAP_SYS_ADMIN = 21n;

/** What a terminal or a service manager sends to all of us is for us to act on: the helper ends when we do. */
const DEAF = "trap '' HUP INT QUIT TERM USR1 USR2 ALRM\n";
/** What a script in a mount namespace of its own begins with: $1 is the options of the tmpfs, $2 where to mount it. Leaves in `how` what was had. */
export const MOUNT_TMPFS = `
try() { mount -n -t tmpfs -o "mode=0700,nosuid,nodev,$1$3" weightseal "$2" 2>/dev/null && how="mounted$3"; }
try "$1" "$2" ,noswap,huge=within_size || try "$1" "$2" ,noswap || try "$1" "$2" ,huge=within_size || try "$1" "$2" "" || exit 99
`;
/** What it says when it is ready to go on, and how it waits to be told. It ends when nobody is there to tell it any more. */
export const TELL_AND_WAIT = `
echo "$how" >&5
read -r _ <&6 || exit 98
`;

/** A process that waits in a mount namespace of its own until it is told to go on. */
export interface Helper {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What the script says it has: "mounted", with the options that this kernel took. */
  readonly how: string;
  /** Whether it is in a user namespace of its own, too. */
  readonly unprivileged: boolean;
  /** Lets it go on; when the descriptor is closed without, it ends. */
  readonly go: Writable;
  /** Lets it go on, with what it says then; undefined when it ends without a word. */
  ask(): Promise<string | undefined>;
}

/**
 * Starts `/bin/sh -c script` in a mount namespace of its own. The script begins with MOUNT_TMPFS, and later has TELL_AND_WAIT. It gets nothing of ours: no
 * environment but PATH, and no descriptors but 5 and 6, for what it says and is told.
 * Resolves to undefined where this machine does not allow it.
 *
 * @throws IO_ERROR where it could, and the process lacks something (descriptors, processes) for each way
 */
export async function startInNamespace(script: string, args: readonly string[]): Promise<Helper | undefined> {
  // Where /proc is that of another PID namespace, it cannot be told which process the helper is.
  if (process.platform !== 'linux' || !hasOwnNumbers()) return undefined;
  const [unshare, path, mounts] = await Promise.all([findProgram('unshare'), searchPath(), mayMount()]);
  if (unshare === undefined) return undefined;
  // Our mounts do not reach others; theirs still reach us, so a disk that is mounted later is seen.
  const ways = [
    { unprivileged: false, flags: ['--mount', '--propagation', 'slave'] },
    { unprivileged: true, flags: ['--user', '--map-root-user', '--mount', '--propagation', 'slave'] },
  ];
  let short: unknown;
  for (const { unprivileged, flags } of ways.slice(mounts ? 0 : 1)) {
    const words = [...flags, '--', '/bin/sh', '-c', DEAF + script, 'weightseal', ...args];
    const found = await start(unshare, words, path).catch((error: unknown) => {
      short ??= error;
    });
    if (!found) continue;
    const { child, mounted } = found;
    const go = child.stdio.at(6) as Writable;
    go.on('error', () => {});
    const ask = () => {
      const said = firstLine(child, child.stdio.at(5) as Readable, new Promise<never>(() => {}));
      go.write('\n');
      return said;
    };
    return { child, pid: child.pid!, how: mounted, unprivileged, go, ask };
  }
  if (short !== undefined) throw short;
  return undefined;
}

/** With the first line that it says; undefined where it ends without one. @throws IO_ERROR where the system gives no process or descriptors for it */
async function start(
  program: string,
  args: readonly string[],
  PATH: string,
): Promise<{ readonly child: ChildProcess; readonly mounted: string } | undefined> {
  try {
    const stdio = ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    const child = spawn(program, args, { env: { PATH }, stdio: [...stdio] });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {});
    child.on('error', () => {});
    const said = child.stdio?.at(5) as Readable | undefined;
    const mounted = await (said ? firstLine(child, said, failed) : failed);
    return mounted === undefined ? undefined : { child, mounted };
  } catch (error) {
    const told = startError(error, program);
    if (isShortage(told)) throw told;
    return undefined;
  }
}

/** Waits until the process has ended, and sees to it that it does. */
export async function ended(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await exit.finally(() => clearTimeout(timer));
}

/** The next line that the script says, or undefined when it ends without one. @throws what `failed` rejects with */
async function firstLine(
  child: ChildProcess,
  from: Readable,
  failed: Promise<never>,
): Promise<string | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  // Each of these rejects with what `failed` does, or with a stream that breaks off.
  const nothing = () => undefined;
  const ended = once(child, 'exit').then(nothing, () => failed);
  const said = once(from.setEncoding('utf8'), 'data').then(([text]) => String(text).trim(), nothing);
  ended.catch(() => {});
  try {
    return await Promise.race([failed, ended, said]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether this process has the capability to mount; without it only a user namespace can help. */
async function mayMount(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'latin1').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

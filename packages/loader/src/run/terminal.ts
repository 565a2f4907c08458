import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { hasOwnNumbers } from '../machine/own-numbers.js';

/**
 * Whether the kernel itself sends what is typed at the terminal (Ctrl-C) to this process and to its child: both are in the foreground. Asked when a signal has come, no says that
 * this one was not typed, or not for both; yes, that it may have been.
 */
export function bothInForeground(child: number | undefined): boolean {
  const ours = inForeground('self') ?? isatty(0);
  if (!ours || child === undefined || !hasOwnNumbers()) return ours;
  return inForeground(child) ?? ours;
}

function inForeground(pid: number | 'self'): boolean | undefined {
  try {
    return isForeground(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** By /proc/<pid>/stat: its process group, and that of the foreground of its terminal, -1 where it has none. */
export function isForeground(stat: string): boolean {
  // The second field is the program's name in parentheses, and can hold anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foreground;
}

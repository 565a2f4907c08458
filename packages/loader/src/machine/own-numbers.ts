import { readlinkSync } from 'node:fs';

/** Whether /proc is that of our PID namespace. In another's, our numbers are somebody else's. */
export function hasOwnNumbers(): boolean {
  try {
    return Number(readlinkSync('/proc/self')) === process.pid;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type Command, execute } from './process.ts';
import type { Scratch } from './scratch.ts';

const TIME = '/usr/bin/time';
const POLL_MS = 2;

/** The most resident memory that the process ever had, in bytes. What it made stays. */
export async function peakMemory(command: Command, scratch: Scratch): Promise<number> {
  return existsSync(TIME) ? await byTime(command, scratch) : await byPolling(command);
}

/** GNU time asks the kernel when the process is over. */
async function byTime({ argv }: Command, scratch: Scratch): Promise<number> {
  const report = scratch.path('peak');
  await execute([TIME, '-f', '%M', '-o', report, ...argv]);
  const kibibytes = Number(readFileSync(report, 'utf8').trim().split('\n').at(-1));
  if (!(kibibytes > 0)) throw new Error(`${TIME} reported no memory.`);
  return kibibytes * 1024;
}

/** The kernel keeps the high-water mark, so only growth within the last two milliseconds is missed. */
function byPolling({ argv: [file = '', ...args] }: Command): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'ignore' });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, highWater(child.pid!));
    }, POLL_MS);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`${file} failed (${code}).`));
    });
  });
}

function highWater(pid: number): number {
  try {
    const [, kibibytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

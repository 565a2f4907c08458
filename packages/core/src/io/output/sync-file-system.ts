import { WeightsealError } from '../../errors.js';
import { findProgram } from '../find-program.js';

/**
 * Makes all of a file system durable by one call, syncfs(2), which Node does not offer: `sync -f` of coreutils does. For a hundred thousand small files it takes
 * seconds where fsync(2) of each takes minutes. Undefined where it is not to be had; each file is then synced by itself.
 */
export async function fileSystemSync(): Promise<((path: string) => Promise<void>) | undefined> {
  const { permission } = process;
  if (process.platform !== 'linux' || (permission && !permission.has('child'))) return undefined;
  const program = await findProgram('sync');
  return program === undefined ? undefined : (path) => run(program, path);
}

async function run(program: string, path: string): Promise<void> {
  // Loaded only here: most processes of a library's user have no other need of it, and it takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { openSync, closeSync } = process.getBuiltinModule('node:fs');
  // The child has a descriptor of its own, which no other process can take for another.
  const directory = openSync(path, 'r');
  try {
    const child = spawn(program, ['-f', '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', directory],
      env: { PATH: '/usr/bin:/bin' },
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code === 0) return;
  } finally {
    closeSync(directory);
  }
  throw new WeightsealError(
    'IO_ERROR',
    'What was written could not be made durable: `sync -f` failed. Look into the log of the system (dmesg), and take another disk.',
  );
}

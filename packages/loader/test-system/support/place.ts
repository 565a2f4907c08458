import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOf } from '../../src/owner.js';

export const MEMORY = '/dev/shm';

/** A directory in memory for one test, removed with all that is in it. */
export class MemoryPlace implements Disposable {
  readonly path: string = mkdtempSync(join(MEMORY, 'weightseal-test-'));

  at(name: string): string {
    return join(this.path, name);
  }

  /** The directories in it that a loader has made. */
  ours(): string[] {
    return readdirSync(this.path).filter((name) => ownerOf(name) !== undefined);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A tmpfs of its own, mounted where everybody sees it. */
export class MountedTmpfs implements Disposable {
  readonly path: string;

  constructor(parent: string, options: string) {
    this.path = mkdtempSync(join(parent, 'tmpfs-'));
    mkdirSync(this.path, { recursive: true });
    execFileSync('mount', ['-n', '-t', 'tmpfs', '-o', options, 'weightseal-test', this.path]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The directories in /dev/shm that this process has made. */
export function madeBy(pid: number, directory: string = MEMORY): string[] {
  return readdirSync(directory).filter((name) => ownerOf(name)?.pid === pid);
}

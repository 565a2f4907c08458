import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { killRunning } from './process.ts';
import { formatSize, MIB } from './sizes.ts';

const BLOCK: number = 4 * MIB;
const TMPFS_MAGIC = 0x0102_1994;
/** Room that is never used: for the processes themselves, and for whatever else runs here. */
const RESERVE: number = 512 * MIB;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const live = new Set<Scratch>();

function interrupted(): never {
  killRunning();
  for (const scratch of live) scratch[Symbol.dispose]();
  process.exit(130);
}

/** A private folder for the files of a benchmark, removed when it is disposed of or the process is interrupted. */
export class Scratch implements Disposable {
  readonly directory: string;
  readonly #inMemory: boolean;
  readonly #kept = new Set<string>();

  constructor(parent: string) {
    mkdirSync(parent, { recursive: true });
    this.directory = mkdtempSync(join(parent, 'weightseal-bench-'));
    this.#inMemory = isTmpfs(parent);
    live.add(this);
    if (live.size === 1) for (const signal of SIGNALS) process.once(signal, interrupted);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  remove(...names: readonly string[]): void {
    for (const name of names) rmSync(this.path(name), { recursive: true, force: true });
  }

  /** A folder in it, for the key that all suites use; `clear` leaves it. */
  keep(name: string): string {
    mkdirSync(this.path(name));
    this.#kept.add(name);
    return this.path(name);
  }

  /** Removes all that suites have made. */
  clear(): void {
    for (const name of readdirSync(this.directory)) if (!this.#kept.has(name)) this.remove(name);
  }

  /** Bytes that may be used. */
  free(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return Math.max(
      0,
      (this.#inMemory ? Math.min(bavail * bsize, memoryAvailable()) : bavail * bsize) - RESERVE,
    );
  }

  has(bytes: number): boolean {
    return this.free() >= bytes;
  }

  /** A reproducible file that cannot be compressed. */
  plaintext(name: string, bytes: number): string {
    const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
    return this.#fill(name, bytes, () => cipher.update(Buffer.alloc(BLOCK)));
  }

  /** Adds as many reproducible bytes to a file that there is. */
  append(name: string, bytes: number): string {
    const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
    return this.#fill(name, bytes, () => cipher.update(Buffer.alloc(BLOCK)), 'a');
  }

  /** A file of zeros that takes no room. */
  sparse(name: string, bytes: number): string {
    const fd = openSync(this.path(name), 'wx', 0o600);
    ftruncateSync(fd, bytes);
    closeSync(fd);
    return this.path(name);
  }

  /** Touches as much memory as a run will, and frees it: the first touch of a page may cost a virtual machine five times as much. */
  warm(bytes: number): void {
    if (!this.#inMemory || bytes === 0) return;
    const zeros = Buffer.alloc(BLOCK);
    this.#fill('warm', Math.min(bytes, this.free()), () => zeros);
    this.remove('warm');
  }

  #fill(name: string, bytes: number, block: () => Buffer, flags = 'wx'): string {
    if (!this.has(bytes)) throw new Error(`There is no room for ${formatSize(bytes)} in ${this.directory}.`);
    const fd = openSync(this.path(name), flags, 0o600);
    for (let done = 0; done < bytes; ) done += writeSync(fd, block(), 0, Math.min(BLOCK, bytes - done));
    closeSync(fd);
    return this.path(name);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
    live.delete(this);
  }
}

export function isTmpfs(path: string): boolean {
  return statfsSync(path).type === TMPFS_MAGIC;
}

function memoryAvailable(): number {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const MEMORY = '/dev/shm';
/** Longer than anything takes to end that a killed process had started. */
const SETTLE_MS = 500;

/** A directory that is removed when it is disposed of: in memory where `bytes` fit there twice, else on the disk. */
export class Workplace implements Disposable {
  readonly path: string;

  constructor(bytes: number) {
    this.path = mkdtempSync(join(hasMemory(2 * bytes) ? MEMORY : tmpdir(), 'weightseal-system-'));
  }

  at(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function hasMemory(bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > bytes;
  } catch {
    return false;
  }
}

export function scriptPath(name: string): string {
  return join(import.meta.dirname, `${name}.mjs`);
}

/** A script of this folder in a process of its own, as the leader of a process group. */
export class Script implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #rest = '';

  constructor(name: string, job: unknown, options: SpawnOptions & { command?: readonly string[] } = {}) {
    const [program = process.execPath, ...before] = options.command ?? [];
    this.child = spawn(
      program,
      [...before, ...(before.length > 0 ? [process.execPath] : []), scriptPath(name), JSON.stringify(job)],
      { ...options, detached: true, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        resolve(code);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop()!;
      this.#lines.push(...lines);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Whether the line has been printed. */
  has(line: string): boolean {
    return this.#lines.some((one) => one === line || one.startsWith(`${line} `));
  }

  /** Waits until the line has been printed or the process has ended, and says which. */
  async reached(line: string): Promise<boolean> {
    while (!this.has(line)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return this.has(line);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return true;
  }

  /** Waits for the end, and parses the last line as JSON. */
  async result<T>(): Promise<T> {
    const code = await this.ended;
    const line = this.#lines.at(-1);
    if (code !== 0 || line === undefined)
      throw new Error(`the script ended with ${code}, having said ${line}`);
    return JSON.parse(line) as T;
  }

  /** kill -9 of the process alone, or of all that it started too; resolves when nothing of either is left. */
  async kill(whole = false): Promise<void> {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) process.kill(whole ? -this.pid : this.pid, 'SIGKILL');
    await this.ended;
    // What it started (an `ln`) may still run.
    for (let waited = 0; groupLives(this.pid) && waited < SETTLE_MS; waited++) await sleep(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill(true).catch(() => {});
  }
}

/** Whether a process of the group runs; one that is dead, and that nobody has reaped yet, does not. */
function groupLives(leader: number): boolean {
  try {
    process.kill(-leader, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => /^[0-9]+$/.test(name) && isOfGroup(name, leader));
}

function isOfGroup(pid: string, leader: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** The names in a directory once they are what is expected, or after a while whatever they are. */
export async function settledNames(directory: string, expected: readonly string[]): Promise<string[]> {
  const wanted = [...expected].sort();
  for (let waited = 0; ; waited += 10) {
    const names = readdirSync(directory).sort();
    if (isDeepStrictEqual(names, wanted) || waited >= SETTLE_MS) return names;
    await sleep(10);
  }
}

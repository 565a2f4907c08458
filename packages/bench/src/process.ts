import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface Command {
  readonly label: string;
  readonly argv: readonly string[];
  /** The file or directory that it makes; removed before and after each run. */
  readonly output?: string;
  /** Whether it prints how many milliseconds count, as `{"milliseconds":…}`; else all that it took do. */
  readonly timed?: boolean;
  /** Bytes of memory that it fills besides its output: warmed as well, so that nobody pays for a cold page. */
  readonly memory?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Finished {
  readonly milliseconds: number;
  readonly stdout: string;
}

const running = new Set<ChildProcess>();

/** Runs a process to its end. @throws when it fails, with what it wrote on stderr */
export function execute(
  argv: readonly string[],
  options: { capture?: boolean; cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<Finished> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    // Open for writing alone: one that can be read too may stand where a closed stream was, and is refused.
    const nowhere = openSync('/dev/null', 'w');
    const child = spawn(file, args, {
      stdio: ['ignore', options.capture ? 'pipe' : nowhere, 'pipe'],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.env && { env: { ...process.env, ...options.env } }),
    });
    closeSync(nowhere);
    running.add(child);
    let ended = 0;
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('exit', () => {
      ended = performance.now();
      running.delete(child);
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ milliseconds: ended - started, stdout });
      else reject(new Error(`${argv.join(' ')} failed (${signal ?? code}): ${stderr.trim().slice(-2000)}`));
    });
  });
}

/** What a process prints, trimmed; undefined when it cannot be run. */
export async function tryCapture(argv: readonly string[]): Promise<string | undefined> {
  try {
    return (await execute(argv, { capture: true })).stdout.trim();
  } catch {
    return undefined;
  }
}

/** One that goes on while others are measured ends with them where that is cut off. */
export function killLater(child: ChildProcess): void {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

export function killRunning(): void {
  for (const child of running) child.kill('SIGKILL');
}

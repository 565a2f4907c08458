import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CLI: string = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));
export const isRoot: boolean = process.platform === 'linux' && process.geteuid?.() === 0;

export function script(name: string): string {
  return join(import.meta.dirname, `${name}.mjs`);
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Options = Pick<SpawnOptions, 'uid' | 'gid' | 'env' | 'cwd'>;

/** A process that says lines, and is told lines. Killed with all that it has started when it is disposed of. */
export class Child implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  #stdout = '';
  #stderr = '';
  #over = false;
  readonly #waiting: (() => void)[] = [];

  constructor([program, ...args]: readonly string[], options: Options = {}) {
    this.child = spawn(program!, args, { ...options, detached: true, stdio: 'pipe' });
    // Whatever it is told after its end does not matter.
    this.child.stdin!.on('error', () => {});
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.#over = true;
        this.#wake();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits for a line that begins so, and gives what follows of the last such. @throws when the process ends without one */
  async said(word: string): Promise<string> {
    for (;;) {
      const lines = this.#stdout.split('\n').slice(0, -1);
      const line = lines.findLast((one) => one === word || one.startsWith(`${word} `));
      if (line !== undefined) return line.slice(word.length + 1);
      if (this.#over) {
        const { code, signal } = await this.ended;
        throw new Error(`never said ${word}, ended by ${signal ?? code}: ${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async json<T>(word: string): Promise<T> {
    return JSON.parse(await this.said(word)) as T;
  }

  tell(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** kill -9 of the process alone; what it has started lives on. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    await this.ended.catch(() => {});
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export async function outcomeOf(command: readonly string[], options: Options = {}): Promise<Outcome> {
  await using child = new Child(command, options);
  child.child.stdin!.end();
  return await child.ended;
}

export interface Held {
  readonly pid: number;
  readonly path: string;
  readonly placement: {
    readonly kind: string;
    readonly nameless: boolean;
    readonly warnings: readonly string[];
  };
}

/** A process that loads a model and holds it until it is told otherwise: see hold.mjs. */
export function holder(job: object, options: Options = {}, wrapper: readonly string[] = []): Child {
  return new Child([...wrapper, process.execPath, script('hold'), JSON.stringify(job)], options);
}

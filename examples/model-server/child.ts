import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Entry {
  readonly event: string;
  readonly port?: number;
  readonly code?: string;
  readonly placement?: { readonly kind: string };
}

/** The server as a process of its own, and what it logs. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #log: string[] = [];
  readonly #entries: Entry[] = [];
  #told = Promise.withResolvers<void>();

  constructor(env: Record<string, string>) {
    this.process = spawn(process.execPath, ['--disable-sigusr1', join(import.meta.dirname, 'server.ts')], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.process.stdout! })
      .on('line', (line) => {
        this.#log.push(line);
        this.#entries.push(JSON.parse(line));
        this.#wake();
      })
      .on('close', () => this.#wake());
    this.process.on('exit', () => this.#wake());
  }

  get log(): string {
    return this.#log.join('\n');
  }

  /** The first entry of that event since this was last asked for one. */
  async logged(event: string): Promise<Entry> {
    for (;;) {
      const at = this.#entries.findIndex((entry) => entry.event === event);
      const [found] = at < 0 ? [] : this.#entries.splice(0, at + 1).slice(-1);
      if (found) return found;
      if (this.#ended) throw new Error(`the server ended before "${event}":\n${this.log}`);
      await this.#told.promise;
    }
  }

  async exitCode(): Promise<number | null> {
    if (!this.#ended) await once(this.process, 'exit');
    return this.process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.process.kill('SIGKILL');
    await this.exitCode();
  }

  get #ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  #wake(): void {
    this.#told.resolve();
    this.#told = Promise.withResolvers();
  }
}

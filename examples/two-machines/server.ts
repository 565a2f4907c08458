// `weightseal serve` as a process of the story: what it says can be waited for.
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Machine } from '../signed-release/machine.ts';

export class Server {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  #log = '';
  #over = false;
  #wake: () => void = () => {};

  private constructor(machine: Machine, words: readonly string[]) {
    this.#child = machine.starts(...words);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
        this.#wake();
      });
    this.#ended = once(this.#child, 'close').finally(() => {
      this.#over = true;
      this.#wake();
    });
  }

  static async started(machine: Machine, words: readonly string[]): Promise<Server> {
    const server = new Server(machine, words);
    await server.said('listening');
    return server;
  }

  /** Waits until that stands in what it has said. */
  async said(what: string): Promise<void> {
    while (!this.#log.includes(what)) {
      if (this.#over) throw new Error(`the server ended before it said ${what}: ${this.#log}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM: what is being fetched is still given. */
  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

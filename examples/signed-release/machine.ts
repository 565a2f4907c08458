// A machine of the story: a home of its own, so that no configuration, no key and nothing that was remembered is another's.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const bin = join(dirname(fileURLToPath(import.meta.resolve('weightseal/package.json'))), 'dist/bin.js');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MachineOptions {
  /** What runs a command there, where that is not here. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class Machine {
  readonly home: string;
  readonly #options: MachineOptions;

  private constructor(home: string, options: MachineOptions) {
    this.home = home;
    this.#options = options;
  }

  static async named(name: string, root: string, options: MachineOptions = {}): Promise<Machine> {
    const home = join(root, name);
    await mkdir(home);
    return new Machine(home, options);
  }

  at(name: string): string {
    return join(this.home, name);
  }

  /** `weightseal` begins there, and goes on. */
  starts(...words: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    const { through = [], env } = this.#options;
    const [program, ...more] = [...through, process.execPath, bin, ...words];
    return spawn(program!, more, {
      cwd: this.home,
      env: { PATH: process.env['PATH'], HOME: this.home, LC_ALL: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What `weightseal` does there. */
  async does(...words: readonly string[]): Promise<Outcome> {
    const child = this.starts(...words);
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { stdout, stderr, code };
  }

  /** And it must succeed. Returns what it prints. */
  async must(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.does(...words);
    if (code !== 0) throw new Error(`weightseal ${words.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** How often its key was asked to unwrap. */
  async asked(): Promise<number> {
    const log = await readFile(this.at('asked'), 'utf8').catch(() => '');
    return log.split('\n').length - 1;
  }
}

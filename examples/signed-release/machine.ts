// A machine of the story: a home of its own, so that no configuration, no key and nothing that was remembered is another's.
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const bin = join(dirname(fileURLToPath(import.meta.resolve('weightseal/package.json'))), 'dist/bin.js');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  readonly home: string;

  private constructor(home: string) {
    this.home = home;
  }

  static async named(name: string, root: string): Promise<Machine> {
    const home = join(root, name);
    await mkdir(home);
    return new Machine(home);
  }

  at(name: string): string {
    return join(this.home, name);
  }

  /** What `weightseal` does there. */
  async does(...words: readonly string[]): Promise<Outcome> {
    const env = { PATH: process.env['PATH'], HOME: this.home, LC_ALL: 'C.UTF-8' };
    const child = spawn(process.execPath, [bin, ...words], {
      cwd: this.home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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

// Two machines with a cable between them: network namespaces, each with its own loopback, that reach nothing but one another.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export const TRAINING = '10.77.0.1';
export const SERVING = '10.77.0.2';

const ip = (...words: readonly string[]) => execFileSync('ip', words);

/** The other machine, seen from the one that this process is on. */
export class Cable implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async plug(): Promise<Cable> {
    // A namespace lives as long as a process in it.
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo there; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout!, 'data');
    const cable = new Cable(holder);
    try {
      ip(
        'link',
        'add',
        'name',
        'cable',
        'type',
        'veth',
        'peer',
        'name',
        'cable',
        'netns',
        String(holder.pid),
      );
      ip('addr', 'add', `${TRAINING}/24`, 'dev', 'cable');
      for (const device of ['lo', 'cable']) ip('link', 'set', device, 'up');
      const there = (...words: readonly string[]) =>
        execFileSync(cable.to[0]!, [...cable.to.slice(1), 'ip', ...words]);
      there('addr', 'add', `${SERVING}/24`, 'dev', 'cable');
      for (const device of ['lo', 'cable']) there('link', 'set', device, 'up');
    } catch (error) {
      holder.kill();
      throw error;
    }
    return cable;
  }

  /** What runs a command on the other machine. */
  get to(): readonly string[] {
    return ['nsenter', '--net', '-t', String(this.#holder.pid)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, 'exit');
    this.#holder.kill();
    await ended;
  }
}

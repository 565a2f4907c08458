import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupViews, directoriesOf } from '../../src/machine/cgroups.js';
import { parseMountInfo } from '../../src/machine/mount-info.js';

/** A control group with a limit on memory, which a process enters by `wrapper`. */
export class LimitedGroup implements AsyncDisposable {
  readonly version: 1 | 2;
  readonly file: string;
  readonly #path: string;

  private constructor(path: string, version: 1 | 2, file: string) {
    this.#path = path;
    this.version = version;
    this.file = file;
  }

  /** As near to our own group as this machine allows; undefined where it allows none. */
  static async make(limit: number): Promise<LimitedGroup | undefined> {
    const [groups, mounts] = ['cgroup', 'mountinfo'].map((name) =>
      readFileSync(`/proc/self/${name}`, 'utf8'),
    );
    for (const view of cgroupViews(groups!, parseMountInfo(mounts!))) {
      const file = view.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
      for (const parent of (await directoriesOf(view, '/')).reverse()) {
        const group = new LimitedGroup(join(parent, `weightseal-poor-${process.pid}`), view.version, file);
        if (await group.#set(limit)) return group;
      }
    }
    return undefined;
  }

  get wrapper(): string[] {
    return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', this.#path];
  }

  async #set(limit: number): Promise<boolean> {
    try {
      mkdirSync(this.#path);
    } catch {
      return false;
    }
    try {
      writeFileSync(join(this.#path, this.file), String(limit));
      const [program, ...args] = this.wrapper;
      execFileSync(program!, [...args, 'true'], { stdio: 'ignore' });
      return true;
    } catch {
      await this[Symbol.asyncDispose]();
      return false;
    }
  }

  /** A process that has ended is in its group for a moment more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return rmdirSync(this.#path);
      } catch (error) {
        if (tries === 200) throw error;
        await sleep(10);
      }
    }
  }
}

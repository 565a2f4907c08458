import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

/** What `weightseal` stands for, in a shell's words. */
export const PROGRAM = `'${process.execPath}' '${bin}'`;

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell sees it: 128 and the signal's number where a signal ended the process. */
  readonly code: number;
}

export type Running = ChildProcessByStdio<Writable, Readable, Readable> & {
  readonly outcome: Promise<Outcome>;
};

/** A directory of its own for each test, and `weightseal` on the PATH of what runs in it. */
export class Sandbox implements AsyncDisposable {
  readonly path: string;
  readonly #tools: string;

  private constructor(path: string, tools: string) {
    this.path = path;
    this.#tools = tools;
  }

  static async create(): Promise<Sandbox> {
    const path = await mkdtemp(join(tmpdir(), 'weightseal-cli-'));
    const tools = await mkdtemp(join(tmpdir(), 'weightseal-cli-bin-'));
    const script = `#!/bin/sh\nexec ${PROGRAM} "$@"\n`;
    await writeFile(join(tools, 'weightseal'), script, { mode: 0o755 });
    return new Sandbox(path, tools);
  }

  /** Another one with what is in this one now, and what weightseal has compiled in its home. */
  async copy(): Promise<Sandbox> {
    const copy = await Sandbox.create();
    await cp(this.path, copy.path, { recursive: true });
    await cp(this.#tools, copy.#tools, { recursive: true });
    return copy;
  }

  start(command: string): Running {
    const rest = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(?:WEIGHTSEAL_.*|_|XDG_.*)$/.test(name)),
    );
    const env = {
      ...rest,
      HOME: this.#tools,
      PATH: `${this.#tools}${delimiter}${rest['PATH']}`,
      LC_ALL: 'C.UTF-8',
    };
    const child = spawn('sh', ['-c', command], { cwd: this.path, env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    const exit = new Promise<number>((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
    });
    const outcome = Promise.all([text(child.stdout), text(child.stderr), exit]).then(
      ([stdout, stderr, code]): Outcome => ({ stdout, stderr, code }),
    );
    return Object.assign(child, { outcome });
  }

  run(command: string): Promise<Outcome> {
    const running = this.start(command);
    running.stdin.end();
    return running.outcome;
  }

  async files(): Promise<string[]> {
    return (await readdir(this.path)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await rm(this.#tools, { recursive: true, force: true });
  }
}

/** Makes sandboxes with what a command makes: it is run once in a file of tests, and copied for each test. */
export function sandboxesAfter(command: string): () => Promise<Sandbox> {
  let first: Promise<Sandbox> | undefined;
  const prepare = async () => {
    const sandbox = await Sandbox.create();
    const { code, stderr } = await sandbox.run(command);
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
    return sandbox;
  };
  afterAll(async () => (await first)?.[Symbol.asyncDispose]());
  return async () => {
    first ??= prepare();
    return await (await first).copy();
  };
}

/** With a key file `k`, a small `model`, and `model.sealed`. */
export const MODEL = 'weightseal keygen k && echo weights > model && weightseal seal model -k local:k -q';

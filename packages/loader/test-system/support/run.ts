import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { SealedModel } from '../../test/support/sealed-model.js';
import { CLI, type Outcome } from './child.js';

export interface RunSettings {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What stands before it: a program that makes the machine other than it is. */
  readonly wrapper?: readonly string[];
  /** Descriptors from 3 on. */
  readonly more?: readonly (number | 'ignore')[];
  readonly uid?: number;
}

/** `weightseal run` on a model, in its directory. */
export function started(
  model: SealedModel,
  command: readonly string[],
  settings: RunSettings = {},
): ChildProcess {
  const { flags = [], env = {}, wrapper = [], more = [], uid } = settings;
  const words = ['run', model.path, '--key', model.keyUri, '--quiet', ...flags, '--', ...command];
  const [program, ...args] = [...wrapper, process.execPath, CLI, ...words];
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...more];
  return spawn(program!, args, {
    cwd: model.directory,
    env: { ...process.env, ...env },
    stdio,
    ...(uid !== undefined && { uid, gid: uid }),
  });
}

export async function outcome(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { stdout, stderr, code, signal };
}

/** Resolves when that has come on its standard error, which somebody else may read too. @throws when it ends without */
export function hasSaid(child: ChildProcess, wanted: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(wanted)) resolve();
    });
    child.once('exit', () => setImmediate(() => reject(new Error(`never said ${wanted}, but: ${said}`))));
  });
}

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job } from './children/given-model.ts';

export const repository: string = join(import.meta.dirname, '../../..');

export const weightseal: readonly string[] = [process.execPath, join(repository, 'packages/cli/dist/bin.js')];

/** The Python with requirements.txt, which .ci/engines.mjs makes. Without it all is left out, engines in Node too: that script runs them. */
export const python: string | undefined = process.env['WEIGHTSEAL_ENGINES_PYTHON'];

/** Stands in the title of what is left out. */
export const leftOut: string = python ? '' : ' (skipped: `npx pnpm@12 test:engines` runs them)';

export function child(name: string): string {
  return join(import.meta.dirname, 'children', name);
}

/** A program that makes a model. */
export function made(name: string): string {
  return join(import.meta.dirname, name);
}

export function pythonic(name: string, ...args: string[]): string[] {
  return [python!, child(name), ...args];
}

/** The folder of a Python's packages. */
export function siteOf(interpreter: string): string {
  const program = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  return execFileSync(interpreter, ['-c', program], { encoding: 'utf8' }).trim();
}

/** Root or permitted user namespaces, and util-linux. */
export function canMount(): boolean {
  const kinds = [['--mount'], ['--user', '--map-root-user', '--mount']];
  return kinds.some((kind) => spawnSync('unshare', [...kind, 'true']).status === 0);
}

/** What a command prints as JSON in its last line; undefined when it prints nothing. Nothing of it is to come from the network. */
export async function answer(
  command: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  return (await answerAnd(command, environment)).answer;
}

/** That, and what it says on stderr. */
export async function answerAnd(
  [program = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ answer: unknown; stderr: string }> {
  const { WEIGHTSEAL_MODEL_PATH: _, ...rest } = process.env;
  const env = {
    ...rest,
    HF_HUB_OFFLINE: '1',
    ORT_DISABLE_TELEMETRY: '1',
    OPENBLAS_NUM_THREADS: '1',
    ...environment,
  };
  const { stdout, stderr } = await promisify(execFile)(program, args, { env, maxBuffer: 2 ** 26 });
  const last = stdout.trimEnd().split('\n').at(-1);
  return { answer: last ? JSON.parse(last) : undefined, stderr };
}

export interface Bundle {
  readonly sealed: string;
  readonly key: string;
}

/** A bundle of the directory, in a folder. */
export async function sealDirectory(
  directory: string,
  folder: string,
  key: string,
  flags: readonly string[] = [],
): Promise<Bundle> {
  const sealed = join(folder, 'model.sealed');
  await answer([...weightseal, 'seal', directory, '--output', sealed, '--key', key, '--json', ...flags]);
  return { sealed, key };
}

export function running(
  { sealed, key }: Bundle,
  flags: readonly string[],
  command: readonly string[],
): string[] {
  return [...weightseal, 'run', sealed, '--key', key, ...flags, '--', ...command];
}

/** An engine in Node loads it itself; before others one does that starts them. */
export function loading(bundle: Bundle, options: Job['options'], command: readonly string[]): string[] {
  const job: Job = { ...bundle, options };
  const starter = command[0] === process.execPath ? [] : [process.execPath, child('loading.ts')];
  return [...starter, ...command, JSON.stringify(job)];
}

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const repository: string = join(import.meta.dirname, '../../..');

/** The Python with requirements.txt, which .ci/engines.mjs makes; its engines are left out where there is none. */
export const python: string | undefined = process.env['WEIGHTSEAL_ENGINES_PYTHON'];

export function child(name: string): string {
  return join(import.meta.dirname, 'children', name);
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
  [program = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const { WEIGHTSEAL_MODEL_PATH: _, ...rest } = process.env;
  const env = { ...rest, HF_HUB_OFFLINE: '1', ...environment };
  const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: 2 ** 26 });
  const last = stdout.trimEnd().split('\n').at(-1);
  return last ? JSON.parse(last) : undefined;
}

import { fileURLToPath } from 'node:url';
import { execute } from '../process.ts';

/** Runs one of src/probes, which use the library, in a process of its own. */
export async function runProbe<T>(name: string, ...args: readonly string[]): Promise<T> {
  const { stdout } = await execute(probeArgv(name, ...args), { capture: true });
  return JSON.parse(stdout) as T;
}

export function probeArgv(name: string, ...args: readonly string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../probes/${name}.ts`, import.meta.url)), ...args];
}

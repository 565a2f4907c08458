import { fileURLToPath } from 'node:url';
import { execute } from '../process.ts';

/** Runs one of src/probes, which use the library, in a process of its own. */
export async function runProbe<T>(name: string, ...args: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(`../probes/${name}.ts`, import.meta.url));
  const { stdout } = await execute([process.execPath, script, ...args], { capture: true });
  return JSON.parse(stdout) as T;
}

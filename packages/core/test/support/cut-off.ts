import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'cut-off.mjs');

export interface CutOff {
  readonly operation: 'seal' | 'reseal';
  readonly source?: string;
  readonly bundle: string;
  /** Names of fixed keys. */
  readonly recipients: readonly string[];
  readonly options?: object;
  /** Bytes that are done before it is killed. */
  readonly after: number;
}

/** A process that is killed while it seals or reseals. Resolves to what it has left. */
export async function cutOff(job: CutOff): Promise<{ part: string; made: string }> {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify({ options: {}, ...job })], {
    stdio: 'inherit',
    env: process.env,
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`it ended with ${code}`);
  const parent = join(job.bundle, '..');
  const names = (await readdir(parent)).filter((name) => name.endsWith('.weightseal-part'));
  if (names.length !== 1) throw new Error(`it has left ${names}`);
  const part = join(parent, names[0]!);
  return { part, made: join(part, 'new') };
}

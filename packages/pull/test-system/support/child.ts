import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Pulled } from '@weightseal/pull';
import { acme } from '../../test/support/releases.js';
import { FILES } from '../../test/support/served.js';

const SCRIPT = join(import.meta.dirname, 'pull.mjs');

export type Outcome = Partial<Pulled> & { readonly code?: string; readonly message?: string };

export interface Child {
  readonly process: ChildProcess;
  /** Undefined where it was killed. */
  readonly outcome: Promise<Outcome | undefined>;
}

/** What a client shows, in files. */
export async function writeFiles(directory: string): Promise<string> {
  for (const [name, bytes] of Object.entries(FILES))
    await writeFile(join(directory, name), bytes, { mode: 0o600 });
  return directory;
}

export function pullInChild(from: string | string[], to: string, files: string, options: object = {}): Child {
  const { key } = acme.signer as { readonly key: Uint8Array };
  const job = { from, to, files, signer: Buffer.from(key).toString('base64'), options };
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const outcome = text(child.stdout).then((said) =>
    said === '' ? undefined : (JSON.parse(said) as Outcome),
  );
  return { process: child, outcome };
}

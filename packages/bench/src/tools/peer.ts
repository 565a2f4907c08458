import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../process.ts';

/** Another tool that encrypts files. */
export interface Peer {
  readonly label: string;
  /** The largest file that it can handle, where there is a limit. */
  readonly limit?: number;
  /** Bytes of memory that a run on a file of this size fills, its output aside. */
  memory?(bytes: number): number;
  seal(input: string, output: string): Command;
  open(input: string, output: string): Command;
}

/** Makes a tool ready, installing it below `cache` when it is not there; throws with the reason when it cannot. */
export type PeerFactory = (cache: string, scratch: (name: string) => string) => Promise<readonly Peer[]>;

/** Where peers are installed; git ignores it. */
export const CACHE: string = fileURLToPath(new URL('../../../../node_modules/.cache/bench', import.meta.url));

/** The scripts that run a peer which is a library. */
export const SCRIPTS: string = fileURLToPath(new URL('../../peers', import.meta.url));

export function cacheFolder(cache: string, name: string): string {
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

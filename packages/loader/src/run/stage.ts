import type { ChildProcess } from 'node:child_process';
import type { Need } from '../need.js';
import type { Place } from '../place/space.js';
import type { Owner, Plaintext } from '../plaintext.js';
import type { Descriptors } from './descriptors.js';
import type { SignalPassing } from './pass-signals.js';
import type { Prefix } from './prefix.js';

/** The command, once the path of the model is known. */
export interface Launch {
  readonly name: string;
  readonly need: Need;
  readonly nameless: boolean;
  /** Whether what is there can be executed. */
  readonly exec: boolean;
  /** Whether files can be made beside those of a model that is a directory. */
  readonly writable: boolean;
  /** Whether there is to be a directory for what else the command writes. */
  readonly caches: boolean;
  readonly owner: Owner | undefined;
  readonly descriptors: Descriptors;
  readonly prefix: Prefix;
  readonly signals: SignalPassing;
  command(path: string): readonly string[];
  environment(found: Found): NodeJS.ProcessEnv;
}

/** What the command is told. */
export interface Found {
  /** The model, as the command sees it. */
  readonly path: string;
  /** The directory for what else it writes, where there is one. */
  readonly caches?: string | undefined;
}

/** Where the plaintext is to go, and the command that is started on it. Disposing of it takes all names away. */
export interface Stage<P extends Plaintext = Plaintext> extends Place<P>, Found {
  /** What could not be had. */
  readonly warnings?: readonly string[];
  /** Lets the command begin, now that the plaintext is whole. */
  start(): Promise<ChildProcess>;
}

/** What a command may write besides, where that is in memory with the model: as much again, and a little. */
export function roomFor({ writable, caches, need }: Pick<Launch, 'writable' | 'caches' | 'need'>): number {
  return writable || caches ? need.bytes + ROOM : 0;
}

const ROOM = 1_073_741_824;

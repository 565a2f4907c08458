import type { ChildProcess } from 'node:child_process';
import type { Place } from '../place/space.js';
import type { Descriptors } from './descriptors.js';
import type { SignalPassing } from './pass-signals.js';
import type { Prefix } from './prefix.js';

/** The command, once the path of the model is known. */
export interface Launch {
  readonly name: string;
  readonly bytes: number;
  readonly nameless: boolean;
  readonly descriptors: Descriptors;
  readonly prefix: Prefix;
  readonly signals: SignalPassing;
  command(path: string): readonly string[];
  environment(path: string): NodeJS.ProcessEnv;
}

/** Where the plaintext is to go, and the command that is started on it. Disposing of it takes all names away. */
export interface Stage extends Place {
  /** As the command sees it. */
  readonly path: string;
  /** Lets the command begin, now that the plaintext is whole. */
  start(): Promise<ChildProcess>;
}

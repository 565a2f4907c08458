import type { ChildProcess } from 'node:child_process';
import type { Stdio } from '../place/mount-namespace.js';
import type { Place } from '../place/space.js';

/** The command, once the path of the model is known. */
export interface Launch {
  readonly name: string;
  readonly bytes: number;
  readonly nameless: boolean;
  command(path: string): readonly string[];
  environment(path: string): NodeJS.ProcessEnv;
  /** Descriptors 0, 1, 2, and 4, on which the command says that it is ready. 3 is the model. */
  readonly stdio: readonly [Stdio, Stdio, Stdio, Stdio];
}

/** Where the plaintext is to go, and the command that waits for it. Disposing of it ends the command if it has not begun, and takes all names away. */
export interface Stage extends Place {
  /** As the command sees it. */
  readonly path: string;
  /** Lets the command begin, now that the plaintext is whole. */
  start(): Promise<ChildProcess>;
}

/** No core dump of the command, nor a piped one that holds memory. */
export const WITHOUT_CORE_DUMPS = `
ulimit -c 0
echo 0 2>/dev/null >/proc/self/coredump_filter
`;

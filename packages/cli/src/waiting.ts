import { write } from './output.js';
import { quote } from './text.js';

/** For whoever looks at a command that does nothing. */
export function sayWaiting(
  path: string,
  quiet: boolean,
  what = 'rewrap or reseal of',
): (() => void) | undefined {
  if (quiet) return undefined;
  return () => write(2, `weightseal: waiting for another ${what} ${quote(path)} to end\n`);
}

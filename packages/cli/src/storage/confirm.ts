import { fs } from '../builtins.js';
import { write } from '../output.js';
import { pauseStatus } from '../status-line.js';

/** How often the terminal is looked at while nobody types. A read that waits could not be stopped. */
const LOOK_MS = 50;

/** Whether somebody is there who sees the plan and can answer. */
export function canAsk(): boolean {
  const { isatty } = process.getBuiltinModule('node:tty');
  return isatty(0) && isatty(2);
}

/** Only `yes` is yes. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  using _ = pauseStatus();
  write(2, question);
  const { O_RDONLY, O_NOCTTY, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync('/dev/tty', O_RDONLY | O_NOCTTY | O_NONBLOCK);
  try {
    const typed = new Uint8Array(256);
    for (;;) {
      signal.throwIfAborted();
      // The terminal gives whole lines.
      const length = readNow(fd, typed);
      if (length !== undefined)
        return Buffer.from(typed.subarray(0, length)).toString().trim().toLowerCase() === 'yes';
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    fs.closeSync(fd);
  }
}

function readNow(fd: number, into: Uint8Array): number | undefined {
  try {
    return fs.readSync(fd, into);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

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

/** Only `yes` is yes, typed once the question is there: what was typed before is no answer to what nobody had seen. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  using _ = pauseStatus();
  const { O_RDONLY, O_NOCTTY, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync('/dev/tty', O_RDONLY | O_NOCTTY | O_NONBLOCK);
  try {
    dropTyped(fd);
    write(2, question);
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

/** Also half a line, which a terminal gives only while it gives each byte as it comes. */
function dropTyped(fd: number): void {
  const { ReadStream } = process.getBuiltinModule('node:tty');
  const mode = new ReadStream(fs.openSync('/dev/tty', fs.constants.O_RDWR | fs.constants.O_NOCTTY));
  try {
    mode.setRawMode(true);
    const typed = new Uint8Array(256);
    while ((readNow(fd, typed) ?? 0) > 0);
  } finally {
    mode.setRawMode(false);
    mode.destroy();
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

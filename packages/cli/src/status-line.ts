import { fs } from './builtins.js';

const ERASE_LINE = '\r\u001b[2K';

let drawn = false;
let paused = false;

/** One line on a terminal that is drawn over and over. What else is written erases it first (output.ts). */
export function drawStatus(text: string): void {
  drawn = true;
  tryWrite(ERASE_LINE + text);
}

export function eraseStatus(): void {
  if (!drawn) return;
  drawn = false;
  tryWrite(ERASE_LINE);
}

/** While somebody is asked on the terminal. */
export function pauseStatus(): Disposable {
  eraseStatus();
  paused = true;
  return {
    [Symbol.dispose]() {
      paused = false;
    },
  };
}

export function isPaused(): boolean {
  return paused;
}

/** Nothing hangs on it. */
function tryWrite(text: string): void {
  try {
    fs.writeSync(2, text);
  } catch {
    // Nobody looks.
  }
}

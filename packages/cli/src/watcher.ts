import { statOf } from './descriptors.js';
import { progressBar } from './progress-bar.js';
import { drawStatus, eraseStatus, isPaused } from './status-line.js';
import type { Session } from './types.js';

/** So long nobody wonders. */
const PATIENCE_MS = 1000;

/** Shows progress where standard error is a terminal, and nothing at all elsewhere: a bar where bytes are counted, else what it is that takes so long. */
export function watcher(quiet: boolean, doing: string): Disposable & Pick<Session, 'progress' | 'waiting'> {
  let end = (): void => {};
  let what = doing;
  let since = Date.now();
  const timer = quiet ? undefined : setInterval(tick, PATIENCE_MS).unref();
  function tick(): void {
    if (isPaused()) since = Date.now();
    else if (Date.now() - since >= PATIENCE_MS / 2 && isTerminal())
      drawStatus(`${what}, for ${Math.round((Date.now() - since) / 1000)} s`);
  }
  return {
    async progress(counted) {
      // To make process.stderr only to ask it takes a millisecond; what is no device surely is no terminal.
      if (quiet || !isTerminal()) return undefined;
      const bar = progressBar(counted, process.stderr);
      end = bar.end;
      return (progress) => {
        eraseStatus();
        since = Date.now();
        what = counted;
        bar.onProgress(progress);
      };
    },
    waiting: (now) => {
      eraseStatus();
      what = now;
      since = Date.now();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      eraseStatus();
      end();
      end = () => {};
    },
  };
}

function isTerminal(): boolean {
  return isDevice(2) && process.stderr.isTTY;
}

function isDevice(fd: number): boolean {
  try {
    return statOf(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

import { statOf } from './descriptors.js';
import { progressBar } from './progress-bar.js';
import type { Session } from './types.js';

/** Shows progress where standard error is a terminal, and nothing at all elsewhere. */
export function watcher(quiet: boolean): Disposable & Pick<Session, 'progress'> {
  let end = (): void => {};
  return {
    async progress(doing) {
      // To make process.stderr only to ask it takes a millisecond; what is no device surely is no terminal.
      if (quiet || !isDevice(2) || !process.stderr.isTTY) return undefined;
      const bar = progressBar(doing, process.stderr);
      end = bar.end;
      return bar.onProgress;
    },
    [Symbol.dispose]() {
      end();
      end = () => {};
    },
  };
}

function isDevice(fd: number): boolean {
  try {
    return statOf(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

import type { ChildProcess } from 'node:child_process';

const PASSED = [
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
  'SIGWINCH',
  'SIGINT',
  'SIGQUIT',
] as const;
/** Those that a terminal sends to every process in the foreground, and so to the command too. */
const BY_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

/** Passes signals on, and so keeps them from ending us before the command: what it leaves is still to be cleaned up. */
export function passSignals(child: ChildProcess, terminal: boolean): Disposable {
  const listeners = PASSED.map((name) => {
    const listener = (): void => {
      if (!(terminal && BY_TERMINAL.includes(name))) child.kill(name);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) process.removeListener(name, listener);
    },
  };
}

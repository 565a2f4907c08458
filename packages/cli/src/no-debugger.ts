/** Signals that are for the command of `run`, and came before there is one. */
export const came: Set<NodeJS.Signals> = new Set();

// Whoever can send this process a SIGUSR1 and reach its loopback could otherwise run code in it: Node answers the
// signal by opening its debugger there. A listener keeps it from that, for as long as it stays. What `run` does with
// the signal, it does besides.
process.on('SIGUSR1', () => came.add('SIGUSR1'));

// One that Node opens because the signal came while it was itself starting: a thread of its own does that, and on a busy
// machine some time after our first line. Whoever is connected to it by then cannot be sent away (to close it waits for
// him), so this process ends, as every other program would by such a signal before it listens.
const WATCHED_MS = 1000;
const OFTEN_MS = 100;
const asked = [...process.execArgv, process.env['NODE_OPTIONS']].some((option) =>
  option?.includes('inspect'),
);
const started = performance.now();

function watch(): void {
  if (process.getBuiltinModule('node:inspector').url() !== undefined) end();
  // What it is about to open it then does not.
  (process as { _debugEnd?: () => void })._debugEnd?.();
  const since = performance.now() - started;
  if (since < WATCHED_MS) setTimeout(watch, since < OFTEN_MS ? 1 : 10).unref();
}

function end(): void {
  try {
    const text =
      'weightseal: Ended, since a SIGUSR1 had Node open its debugger before it could be kept from that.\n';
    process.getBuiltinModule('node:fs').writeSync(2, text);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

if (!asked) watch();

/** From now on these are the command's too, and do not end us. */
export function keepForCommand(): void {
  for (const each of ['SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const) process.on(each, () => came.add(each));
}

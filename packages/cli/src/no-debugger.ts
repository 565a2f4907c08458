/** Signals that are for the command of `run`, and came before there is one. */
export const came: Set<NodeJS.Signals> = new Set();

// Whoever can send this process a SIGUSR1 and reach its loopback could otherwise run code in it: Node answers the
// signal by opening its debugger there. A listener keeps it from that, for as long as it stays. What `run` does with
// the signal, it does besides.
process.on('SIGUSR1', () => came.add('SIGUSR1'));

// One that Node opens because the signal came while it was itself starting: a thread of its own does that, and on a busy
// machine some time after our first line. To close what is not open takes microseconds.
const SOON_MS = [0, 10, 100, 1000];
const asked = [...process.execArgv, process.env['NODE_OPTIONS']].some((option) =>
  option?.includes('inspect'),
);
const { _debugEnd: close } = process as { _debugEnd?: () => void };
if (!asked && close) {
  close();
  for (const after of SOON_MS) setTimeout(close, after).unref();
}

/** From now on these are the command's too, and do not end us. */
export function keepForCommand(): void {
  for (const each of ['SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const) process.on(each, () => came.add(each));
}

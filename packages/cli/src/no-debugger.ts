import { fs } from './builtins.js';

const came = new Set<NodeJS.Signals>();

// Whoever can send this process a SIGUSR1 and reach its loopback could otherwise run code in it: Node answers the
// signal by opening its debugger there. A listener keeps it from that, for as long as it stays. What `run` does with
// the signal, it does besides.
process.on('SIGUSR1', () => came.add('SIGUSR1'));

// One that Node opens because the signal came while it was itself starting: a thread of its own does that, and on a busy
// machine some time after our first line. Whoever is connected to it by then cannot be sent away (to close it waits for
// him), so this process ends, as every other program would by such a signal before it listens.
const WATCHED_MS = 1000;
const DESCRIPTORS = '/proc/self/fd';
/** Those that open one; a path that holds the word does not. */
const OPENS = /(?:^|\s)["']?--inspect(?:-brk|-wait)?(?:[=\s"']|$)/;
const asked = [...process.execArgv, process.env['NODE_OPTIONS'] || ''].some((option) => OPENS.test(option));
// `performance` is a module of Node that is loaded when asked for: 1 ms.
const started = process.hrtime.bigint();

// Node's inspector module would tell, but takes 2 ms to load. A debugger that opens takes the port that is set here, none,
// and then sets it to the one that it got; one that has opened already shows by its socket.
const NO_PORT = 0;

function watch(): void {
  if (process.debugPort !== NO_PORT) end();
  // What it is about to open it then does not.
  (process as { _debugEnd?: () => void })._debugEnd?.();
  const since = Number(process.hrtime.bigint() - started) / 1e6;
  // Often at first: that is when one comes, and each look takes a little of the start.
  if (since < WATCHED_MS) setTimeout(watch, Math.max(1, since / 10)).unref();
}

function isOpen(): boolean {
  return mayHaveSockets() && process.getBuiltinModule('node:inspector').url() !== undefined;
}

/** Beyond the standard streams: Node itself starts without any. */
function mayHaveSockets(): boolean {
  try {
    return fs.readdirSync(DESCRIPTORS).some((fd) => Number(fd) > 2 && isSocket(fd));
  } catch {
    return true;
  }
}

function isSocket(fd: string): boolean {
  try {
    return fs.readlinkSync(`${DESCRIPTORS}/${fd}`).startsWith('socket:');
  } catch {
    // That of the directory itself.
    return false;
  }
}

function end(): void {
  try {
    const text =
      'weightseal: Ended, since a SIGUSR1 had Node open its debugger before it could be kept from that.\n';
    fs.writeSync(2, text);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

if (!asked) {
  process.debugPort = NO_PORT;
  if (isOpen()) end();
  watch();
}

export interface EarlySignals {
  /** Those that are for the command of `run`, and came before there is one. */
  readonly came: ReadonlySet<NodeJS.Signals>;
  /** From now on some more are the command's, and do not end us. */
  keepForCommand(): void;
}

export const early: EarlySignals = {
  came,
  keepForCommand: () => {
    for (const each of ['SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const) process.on(each, () => came.add(each));
  },
};

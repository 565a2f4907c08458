// Whoever can send this process a SIGUSR1 and reach its loopback could otherwise run code in it: Node answers the
// signal by opening its debugger there. A listener keeps it from that, for as long as it stays. What `run` does with
// the signal, it does besides.
process.on('SIGUSR1', () => {});

// One that came while Node itself was starting: before the first thing of ours, and as soon as it can have been heard.
const asked = [...process.execArgv, process.env['NODE_OPTIONS']].some((option) =>
  option?.includes('inspect'),
);
const { _debugEnd: end } = process as { _debugEnd?: () => void };
if (!asked && end) {
  end();
  setImmediate(end).unref();
}

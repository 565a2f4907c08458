const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof SIGNALS)[number];

export interface Stop {
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  by(): StopSignal | undefined;
  /** Stops the work without a signal. */
  abort(reason: unknown): void;
  /** Stops listening. */
  leave(): void;
}

/**
 * The first signal stops the work and lets it clean up; we then no longer listen, so that a second one kills at once. Those that are
 * to be ignored do nothing, then and later.
 */
export function stopOnSignals(ignored: readonly NodeJS.Signals[] = []): Stop {
  const controller = new AbortController();
  const heard = SIGNALS.filter((each) => !ignored.includes(each));
  let came: StopSignal | undefined;
  const onSignal = (name: StopSignal): void => {
    came = name;
    leave();
    controller.abort(new Error(`Stopped by ${name}`));
  };
  const leave = (): void => {
    for (const each of heard) process.removeListener(each, onSignal);
  };
  for (const each of ignored) process.on(each, () => {});
  for (const each of heard) process.on(each, onSignal);
  return { signal: controller.signal, by: () => came, abort: (reason) => controller.abort(reason), leave };
}

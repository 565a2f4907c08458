const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof SIGNALS)[number];

export interface Stop {
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  by(): StopSignal | undefined;
  /** Stops listening. */
  leave(): void;
}

/** The first signal stops the work and lets it clean up; we then no longer listen, so that a second one kills at once. */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  let came: StopSignal | undefined;
  const onSignal = (name: StopSignal): void => {
    came = name;
    leave();
    controller.abort(new Error(`Stopped by ${name}`));
  };
  const leave = (): void => {
    for (const each of SIGNALS) process.removeListener(each, onSignal);
  };
  for (const each of SIGNALS) process.on(each, onSignal);
  return { signal: controller.signal, by: () => came, leave };
}

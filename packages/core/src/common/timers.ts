// Jest's browser environment (jsdom) has timers that are numbers, and no setImmediate. Timers themselves stay the global ones, which tests put others in
// the place of.

export const setImmediate: typeof globalThis.setImmediate =
  process.getBuiltinModule('node:timers').setImmediate;

/** The timer keeps the process alive no more, where it can. */
export function unref(timer: NodeJS.Timeout): NodeJS.Timeout {
  (timer as Partial<NodeJS.Timeout>).unref?.();
  return timer;
}

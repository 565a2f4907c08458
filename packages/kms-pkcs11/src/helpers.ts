import { Helper } from './helper.js';

/** A helper that nobody asked anything for so long is ended: it is logged in, and has no use. */
const IDLE_MS = 60_000;

// A module must not be initialized twice in one process, so there is one helper for each path.
const helpers = new Map<string, Helper>();
/** Those too that are only finishing what they have begun. */
const running = new Set<Helper>();
const timers = new WeakMap<Helper, NodeJS.Timeout>();

/** @throws HelperFailure */
export function helperFor(module: string): Helper {
  const known = helpers.get(module);
  if (known?.usable) return known;
  const helper = new Helper(module);
  if (running.size === 0) process.on('exit', killBusy);
  running.add(helper);
  helpers.set(module, helper);
  void helper.ended.then(() => forget(module, helper));
  return helper;
}

/** To be called after each use. */
export function used(helper: Helper): void {
  clearTimeout(timers.get(helper));
  if (!helper.usable || !helper.idle) return;
  const retire = () => helper.idle && helper.retire();
  timers.set(helper, setTimeout(retire, IDLE_MS).unref());
}

function forget(module: string, helper: Helper): void {
  clearTimeout(timers.get(helper));
  running.delete(helper);
  if (helpers.get(module) === helper) helpers.delete(module);
  if (running.size === 0) process.off('exit', killBusy);
}

/** The others notice that this process is gone, and close their sessions. One that is stuck would notice nothing. */
function killBusy(): void {
  for (const helper of running) if (helper.busy) helper.kill();
}

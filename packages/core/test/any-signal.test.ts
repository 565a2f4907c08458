import { getEventListeners, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { anySignal } from '../src/keys/any-signal.js';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** As a realm of its own, and libraries for older systems, have it. */
class ForeignSignal extends EventTarget {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
}
const asSignal = (signal: ForeignSignal) => signal as unknown as AbortSignal;

/** Memory is given back when the engine wants to. */
async function collected(until: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 50 && !until(); turn++) {
    gc();
    await sleep(10);
  }
  return until();
}

it('a signal of another realm holds no operation that is over', async () => {
  const given = new ForeignSignal();
  setMaxListeners(0, given);
  for (let operation = 0; operation < 100; operation++) {
    const either = anySignal(asSignal(given), new AbortController().signal);
    const onAbort = () => {};
    either.addEventListener('abort', onAbort);
    either.removeEventListener('abort', onAbort);
  }
  const listeners = () => getEventListeners(given, 'abort').length;
  expect(listeners()).toBeGreaterThan(1);
  // The last one may still lie on the stack.
  expect(await collected(() => listeners() <= 1)).toBe(true);
});

it('it is heard by an operation that goes on, of which only its listener is left', async () => {
  const given = new ForeignSignal();
  let heard: unknown;
  const begin = () => {
    const either = anySignal(asSignal(given), new AbortController().signal);
    either.addEventListener('abort', () => (heard = either.reason), { once: true });
  };
  begin();
  await collected(() => getEventListeners(given, 'abort').length === 0);
  given.abort('enough');
  expect(heard).toBe('enough');
});

it('it is heard, and so is ours; and one that has been aborted already', () => {
  const [given, ours] = [new ForeignSignal(), new AbortController()];
  const [first, second] = [given, new ForeignSignal()].map((one) => anySignal(asSignal(one), ours.signal));
  given.abort('theirs');
  expect([first!.aborted, first!.reason, second!.aborted]).toEqual([true, 'theirs', false]);
  ours.abort('ours');
  expect(second!.reason).toBe('ours');
  expect(anySignal(asSignal(given), new AbortController().signal).reason).toBe('theirs');
});

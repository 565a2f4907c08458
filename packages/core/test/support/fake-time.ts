import { afterEach, beforeEach, expect, vi } from 'vitest';
import { settled } from './held-key.js';

/** Time passes only when a test says so; everything else goes on by itself. No test may leave a timer over. */
export function fakeTime(): (ms: number) => Promise<void> {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    expect(vi.getTimerCount(), 'timers left over').toBe(0);
    vi.useRealTimers();
  });
  return async (ms) => {
    await settled();
    vi.advanceTimersByTime(ms);
    await settled();
  };
}

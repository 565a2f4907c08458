import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { firstToGive, type Turn } from '../src/keys/hedge.js';
import { fakeTime } from './support/fake-time.js';

fakeTime();

/** The third gives nothing, and the fourth something, in the same millisecond. */
const LAST_TWO_TOGETHER = [29, 11, 24, 17].map((takes, i) => ({ takes, gives: i === 3, deaf: false }));

it('whatever turns give, and when: one outcome, nothing lost, nobody asked too early', async () => {
  const turn = fc.record({ takes: fc.integer({ min: 0, max: 50 }), gives: fc.boolean(), deaf: fc.boolean() });
  const hedging = fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 6 }), hedging, async (script, hedgeMs) => {
      let now = 0;
      const begun: number[] = [];
      const ended: { at: number; given: number | undefined }[] = [];
      const discarded: number[] = [];
      const turns = script.map(
        ({ takes, gives, deaf }, i): Turn<number> =>
          async (stop) => {
            begun.push(now);
            expect(begun).toHaveLength(i + 1);
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, takes);
              if (!deaf)
                stop.addEventListener('abort', () => {
                  clearTimeout(timer);
                  resolve();
                });
            });
            const given = gives && (deaf || !stop.aborted) ? i : undefined;
            ended.push({ at: now, given });
            return given;
          },
      );
      const outcome = firstToGive(turns, {
        hedgeMs,
        signal: undefined,
        discard: (late) => discarded.push(late),
      });
      for (; now < 400; now++) {
        vi.advanceTimersByTime(now === 0 ? 0 : 1);
        await setImmediate();
      }
      const winner = await outcome;
      const given = ended.flatMap((end) => (end.given === undefined ? [] : [end.given]));
      expect(winner).toBe(given[0]);
      expect(discarded).toEqual(given.slice(1));
      expect(ended).toHaveLength(begun.length);
      if (winner === undefined) expect(begun).toHaveLength(turns.length);
      for (const [i, at] of begun.entries()) {
        if (i === 0) continue;
        const waited = hedgeMs !== undefined && at - begun[i - 1]! >= hedgeMs;
        const failed = ended.some((end) => end.given === undefined && end.at === at);
        expect(waited || failed).toBe(true);
      }
    }),
    { numRuns: 30, examples: [[LAST_TWO_TOGETHER, 25]] },
  );
});

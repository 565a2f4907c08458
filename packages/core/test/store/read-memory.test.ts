import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadMemory } from '../../src/store/wire/read-memory.js';

/** What a socket and a reader do, one after the other. */
const steps = fc.array(
  fc.oneof(
    fc.record({ come: fc.integer({ min: 1, max: 70_000 }) }),
    fc.constant({ take: true } as const),
    fc.record({ giveBack: fc.integer({ min: 0, max: 100 }) }),
  ),
  { maxLength: 200 },
);

it('gives all that came in its order, and writes over nothing that somebody reads', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const memory = new ReadMemory(false);
      let [written, read] = [0, 0];
      let lent: Buffer | undefined;
      const isRight = () => lent?.every((byte, at) => byte === (read + at) % 251) ?? true;
      for (const step of all) {
        if ('come' in step) {
          const room = memory.room();
          const length = Math.min(step.come, room.length);
          expect(length).toBeGreaterThan(0);
          for (let at = 0; at < length; at++) room[at] = written++ % 251;
          memory.came(length);
        } else if ('take' in step) {
          read += lent?.length ?? 0;
          lent = memory.take();
        } else if (lent) {
          const kept = Math.min(step.giveBack, lent.length);
          const rest = lent.subarray(kept);
          lent = lent.subarray(0, kept);
          memory.giveBack(rest);
        }
        expect(isRight()).toBe(true);
      }
      read += lent?.length ?? 0;
      for (lent = memory.take(); lent; lent = memory.take()) {
        expect(isRight()).toBe(true);
        read += lent.length;
      }
      expect(read).toBe(written);
    }),
    { numRuns: 60 },
  );
});

it('is one memory for a socket that stops', () => {
  const memory = new ReadMemory(true);
  const room = memory.room();
  memory.came(room.length);
  expect(memory.take()?.length).toBe(room.length);
  expect(memory.room().buffer).toBe(room.buffer);
});

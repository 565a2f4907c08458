import { afterEach, describe, expect, it, vi } from 'vitest';
import { Pace, paceOf, type Turn } from '../../src/store/pace.js';
import { settled } from '../support/held-key.js';
import { MemoryStore } from './support/memory-store.js';

const { signal } = new AbortController();

/** As many as may begin, of so many. */
async function begun(pace: Pace, count: number, most: number): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (let i = 0; i < count; i++) void pace.take(most, signal).then((turn) => turns.push(turn));
  await settled();
  return turns;
}

describe('how many requests are under way at once', () => {
  it('no more than were asked for, and the first that came is the first to begin', async () => {
    const pace = new Pace();
    const order: number[] = [];
    const turns: Turn[] = [];
    for (let i = 0; i < 5; i++) {
      void pace.take(2, signal).then((turn) => {
        order.push(i);
        turns.push(turn);
      });
    }
    await settled();
    expect(order).toEqual([0, 1]);
    for (let i = 0; i < 5; i++) {
      turns[i]!.done('neither');
      await settled();
    }
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('a turn that is over twice is over once', async () => {
    const pace = new Pace();
    const turns = await begun(pace, 4, 2);
    turns[0]!.done('neither');
    turns[0]!.done('neither');
    await settled();
    expect(turns).toHaveLength(3);
  });

  it('half as many once a store says that it is too many, whatever else of that time says so', async () => {
    const pace = new Pace();
    const turns = await begun(pace, 16, 16);
    for (const turn of turns) turn.done('overloaded');
    expect(pace.limit).toBe(8);
    expect(await begun(pace, 16, 16)).toHaveLength(8);
  });

  it('half of that for the next time, and never none', async () => {
    const pace = new Pace();
    for (let i = 0; i < 10; i++) for (const turn of await begun(pace, 1, 16)) turn.done('overloaded');
    expect(pace.limit).toBe(1);
  });

  it('one more for each round trip that went well, up to all', async () => {
    const pace = new Pace();
    for (const turn of await begun(pace, 16, 16)) turn.done('overloaded');
    for (let round = 0; round < 20; round++) {
      const before = pace.limit;
      for (const turn of await begun(pace, before, 16)) turn.done('served');
      expect(pace.limit - before).toBeLessThanOrEqual(1);
    }
    expect(pace.limit).toBe(16);
  });

  it('each place has as many as it asks for, of the same store', async () => {
    const pace = new Pace();
    expect(await begun(pace, 8, 2)).toHaveLength(2);
    const more = new Pace();
    expect(await begun(more, 4, 2)).toHaveLength(2);
    expect(more.limit).toBe(2);
  });

  it('is one for each store', () => {
    const [a, b] = [new MemoryStore(), new MemoryStore()];
    expect(paceOf(a)).toBe(paceOf(a));
    expect(paceOf(a)).not.toBe(paceOf(b));
  });
});

describe('how long answers take to begin', () => {
  let now = 0;
  const time = vi.spyOn(performance, 'now').mockImplementation(() => now);
  afterEach(() => {
    now = 0;
  });

  /** One round trip, in which each answer takes so long to begin. */
  async function round(pace: Pace, ms: number, bytes: number): Promise<void> {
    const turns = await begun(pace, pace.limit, 16);
    now += ms;
    for (const turn of turns) {
      turn.answered();
      turn.done('served', bytes);
    }
  }

  it('much longer than it was, and no more bytes for it: fewer, but not down to one', async () => {
    time.mockImplementation(() => now);
    const pace = new Pace();
    await round(pace, 10, 1000);
    for (let i = 0; i < 60; i++) await round(pace, 1000, 1000);
    expect(pace.limit).toBeLessThan(16);
    expect(pace.limit).toBeGreaterThanOrEqual(4);
  });

  it('longer, and more bytes for it: as many as before', async () => {
    time.mockImplementation(() => now);
    const pace = new Pace();
    await round(pace, 10, 1000);
    for (let i = 1; i < 10; i++) await round(pace, 1000, 1_000_000 * 2 ** i);
    expect(pace.limit).toBe(16);
  });

  it('a little longer, as on a machine that is busy: as many as before', async () => {
    time.mockImplementation(() => now);
    const pace = new Pace();
    await round(pace, 1, 1000);
    for (let i = 0; i < 20; i++) await round(pace, 40, 1000);
    expect(pace.limit).toBe(16);
  });
});

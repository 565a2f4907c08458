import { describe, expect, test } from 'vitest';
import { cachesSeconds, originOnlySeconds, peersRounds, peersSeconds } from '../../src/fleet/bounds.ts';
import type { Fleet, Machine } from '../../src/fleet/model.ts';
import { generator } from '../../src/fleet/random.ts';
import { waitOf } from '../../src/fleet/report.ts';
import { simulate } from '../../src/fleet/simulate.ts';
import { behindCaches, originOnly, someOf, swarm } from '../../src/fleet/topology.ts';

const PIECES = 60;
const NODES = 120;
const NODE = { up: 4, down: 8 };
const ORIGIN_UP = 40;

/** Pieces of one byte, and streams of one byte a second. */
function fleet(machines: readonly Machine[], more: Partial<Fleet> = {}): Fleet {
  return {
    machines,
    pieces: PIECES,
    pieceBytes: 1,
    piecesPerDigest: 1,
    streamRate: 1,
    order: 'rarest first',
    ...more,
  };
}

function peers(originUp = ORIGIN_UP, node = NODE): Machine[] {
  return swarm(originUp, NODES, node, 10, generator(1));
}

const bound = peersSeconds(PIECES, ORIGIN_UP, Array<typeof NODE>(NODES).fill(NODE));

describe('closed forms', () => {
  test('an origin alone takes as long as its link takes for all copies', () => {
    const outcome = simulate(fleet(originOnly(ORIGIN_UP, NODES, { up: 4, down: ORIGIN_UP })), 1);
    expect(waitOf(outcome, 1)).toBeCloseTo(originOnlySeconds(PIECES, NODES, ORIGIN_UP), 6);
    expect(outcome.originBytes).toBe(PIECES * NODES);
  });

  test('caches take as long as the slower step, and a piece or two to begin', () => {
    const least = cachesSeconds(PIECES, NODES, ORIGIN_UP, 6, 10);
    const outcome = simulate(
      fleet(behindCaches(ORIGIN_UP, 6, { up: 10, down: 10 }, NODES, NODE), { order: 'in order' }),
      1,
    );
    expect(waitOf(outcome, 1)).toBeGreaterThanOrEqual(least);
    expect(waitOf(outcome, 1)).toBeLessThan(1.1 * least);
    expect(outcome.originBytes).toBe(6 * PIECES);
  });

  test('peers never beat the bound, and rarest first comes near it', () => {
    const outcome = simulate(fleet(peers()), 1);
    expect(waitOf(outcome, 1)).toBeGreaterThanOrEqual(bound);
    expect(waitOf(outcome, 1)).toBeLessThan(1.6 * bound);
    expect(outcome.originBytes).toBeGreaterThanOrEqual(PIECES);
  });

  test('where every machine sends one piece and receives one at a time, no fewer rounds than the pipeline needs', () => {
    const outcome = simulate(fleet(peers(1, { up: 1, down: 1 })), 1);
    expect(waitOf(outcome, 1)).toBeGreaterThanOrEqual(peersRounds(PIECES, NODES));
    expect(waitOf(outcome, 1)).toBeLessThan(2 * peersRounds(PIECES, NODES));
  });

  test('a slow origin bounds them all, in whatever order', () => {
    const outcome = simulate(fleet(peers(1), { order: 'in order' }), 1);
    expect(waitOf(outcome, 1)).toBeGreaterThanOrEqual(PIECES / 1);
  });
});

describe('what is received', () => {
  test('is one copy for each, where nobody dies or tampers', () => {
    expect(simulate(fleet(peers()), 1)).toMatchObject({
      receivedBytes: PIECES * NODES,
      wastedBytes: 0,
      unfinished: 0,
    });
  });

  test('is the same for the same seed, and not for another', () => {
    const [first, again, other] = [1, 1, 2].map((seed) => simulate(fleet(peers()), seed));
    expect(again).toEqual(first);
    expect(other!.waits).not.toEqual(first!.waits);
  });
});

describe('trouble', () => {
  test('a third killed costs what was under way, and those that live have all', () => {
    const machines = someOf(peers(), 1 / 3, generator(2), () => ({ diesAt: bound / 2 }));
    const outcome = simulate(fleet(machines), 1);
    expect(outcome.waits).toHaveLength((NODES * 2) / 3);
    expect(outcome.unfinished).toBe(0);
    expect(outcome.wastedBytes).toBeGreaterThan(0);
    expect(outcome.wastedBytes).toBeLessThan((NODES / 3) * (NODE.up + NODE.down));
  });

  test('who joins late waits from then, and no longer than the first', () => {
    const machines = someOf(peers(), 0.2, generator(2), () => ({ joinsAt: 5 * bound }));
    const outcome = simulate(fleet(machines), 1);
    expect(outcome.waits).toHaveLength(NODES);
    expect(waitOf(outcome, 1)).toBeLessThan(1.6 * bound);
  });

  test('slow machines do not hold up the others', () => {
    const slow = someOf(peers(), 0.1, generator(2), () => ({ up: 1, down: 0.5 }));
    const outcome = simulate(fleet(slow), 1);
    expect(waitOf(outcome, 0.9)).toBeLessThan(2 * bound);
    expect(waitOf(outcome, 1)).toBeGreaterThanOrEqual(PIECES / 0.5);
  });

  const tampered = someOf(peers(), 0.05, generator(2), () => ({ tampers: true, counted: false }));
  const honest = NODES - Math.round(0.05 * NODES);

  test('with a digest for each piece, who tampers costs each of its peers no more than what was under way', () => {
    const outcome = simulate(fleet(tampered), 1);
    expect(outcome.unfinished).toBe(0);
    expect(waitOf(outcome, 1)).toBeLessThan(2 * bound);
    const known = tampered.flatMap(({ tampers, sources }) => (tampers ? [sources.length] : []));
    expect(outcome.wastedBytes).toBeGreaterThan(0);
    expect(outcome.wastedBytes).toBeLessThanOrEqual(NODE.up * known.reduce((sum, count) => sum + count, 0));
    expect(outcome.receivedBytes - outcome.wastedBytes).toBe(honest * PIECES);
  });

  test('with one digest for all, everything is fetched in vain, and again from the origin', () => {
    const outcome = simulate(fleet(tampered, { piecesPerDigest: PIECES }), 1);
    expect(outcome.unfinished).toBe(0);
    expect(outcome.wastedBytes).toBe(honest * PIECES);
    expect(waitOf(outcome, 1)).toBeGreaterThan(originOnlySeconds(PIECES, honest, ORIGIN_UP));
  });
});

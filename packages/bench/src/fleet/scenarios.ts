import { cachesSeconds, originOnlySeconds, peersSeconds } from './bounds.ts';
import type { Fleet, Machine, Order } from './model.ts';
import { generator, type Random } from './random.ts';
import { behindCaches, type Link, originOnly, someOf, swarm } from './topology.ts';

export interface Scenario {
  readonly title: string;
  readonly fleet: Fleet;
  /** The time, in seconds, that no way of going about it can beat; where a closed form knows. */
  readonly least?: number;
}

const GBIT = 1e9 / 8;
export const SEED = 14;
export const BYTES = 140e9;
export const NODES = 1000;
export const ORIGIN_UP = 100 * GBIT;
/** What the fleet may use of a node's link, for the node has other work too. */
export const NODE: Link = { up: 10 * GBIT, down: 25 * GBIT };
export const CACHES = 20;
export const CACHE: Link = { up: 50 * GBIT, down: 50 * GBIT };
const CHOSEN = 20;
/** 233 MB each: far larger than real ones, so that 600,000 transfers are enough. */
const PIECES = 600;
const PIECES_PER_MEMBER = 20;

const COMMON = {
  pieces: PIECES,
  pieceBytes: BYTES / PIECES,
  piecesPerDigest: 1,
  streamRate: 2.5 * GBIT,
} as const;

export function scenarios(): Scenario[] {
  return [
    {
      title: 'origin only',
      fleet: { ...COMMON, order: 'in order', machines: originOnly(ORIGIN_UP, NODES, NODE) },
      least: originOnlySeconds(BYTES, NODES, ORIGIN_UP),
    },
    {
      title: `${CACHES} caches of 50 Gbit/s`,
      fleet: { ...COMMON, order: 'in order', machines: behindCaches(ORIGIN_UP, CACHES, CACHE, NODES, NODE) },
      least: cachesSeconds(BYTES, NODES, ORIGIN_UP, CACHES, CACHE.up),
    },
    peers('peers'),
    peers('peers, in order', { order: 'in order' }),
    peers('peers, the origin gives 10 Gbit/s only', { originUp: 10 * GBIT }),
    peers('peers, a third killed on the way', {
      share: 1 / 3,
      change: (_, random) => ({ diesAt: random() * 110 }),
    }),
    peers('peers, a fifth joins after 60 s', { share: 0.2, change: () => ({ joinsAt: 60 }) }),
    peers('peers, a tenth has a tenth of the link', {
      share: 0.1,
      change: ({ up, down }) => ({ up: up / 10, down: down / 10 }),
    }),
    peers('peers, 1 % tamper, a digest for each piece', { share: 0.01, change: tampers }),
    peers('peers, 10 % tamper, a digest for each piece', { share: 0.1, change: tampers }),
    peers('peers, 1 % tamper, a digest for each of 30 members', {
      share: 0.01,
      change: tampers,
      piecesPerDigest: PIECES_PER_MEMBER,
    }),
    peers('peers, 1 % tamper, one digest for all', { share: 0.01, change: tampers, piecesPerDigest: PIECES }),
  ];
}

function tampers(): Partial<Machine> {
  return { tampers: true, counted: false };
}

interface Peculiarity {
  /** Of the nodes, `share` is changed so. */
  readonly share?: number;
  readonly change?: (node: Machine, random: Random) => Partial<Machine>;
  readonly originUp?: number;
  readonly piecesPerDigest?: number;
  readonly order?: Order;
}

function peers(title: string, peculiar: Peculiarity = {}): Scenario {
  const {
    share = 0,
    change = () => ({}),
    originUp = ORIGIN_UP,
    piecesPerDigest = 1,
    order = 'rarest first',
  } = peculiar;
  const random = generator(SEED);
  const all = swarm(originUp, NODES, NODE, CHOSEN, random);
  const machines = someOf(all, share, random, (node) => change(node, random));
  const fleet: Fleet = { ...COMMON, order, piecesPerDigest, machines };
  const together = machines.every(({ joinsAt, diesAt }) => joinsAt === 0 && diesAt === undefined);
  if (!together) return { title, fleet };
  return {
    title,
    fleet,
    least: peersSeconds(
      BYTES,
      originUp,
      machines.filter(({ counted }) => counted),
    ),
  };
}

import { type Machine, ORIGIN } from './model.ts';
import type { Random } from './random.ts';

export interface Link {
  readonly up: number;
  readonly down: number;
}

const HERE = { joinsAt: 0, diesAt: undefined, tampers: false } as const;

function origin(up: number): Machine {
  return { ...HERE, up, down: 0, sources: [], counted: false };
}

/** Everybody asks the origin. */
export function originOnly(up: number, nodes: number, node: Link): Machine[] {
  return [
    origin(up),
    ...Array.from({ length: nodes }, () => ({ ...HERE, ...node, sources: [ORIGIN], counted: true })),
  ];
}

/** Caches ask the origin, and each node asks one cache. */
export function behindCaches(up: number, caches: number, cache: Link, nodes: number, node: Link): Machine[] {
  return [
    origin(up),
    ...Array.from({ length: caches }, () => ({ ...HERE, ...cache, sources: [ORIGIN], counted: false })),
    ...Array.from({ length: nodes }, (_, at) => ({
      ...HERE,
      ...node,
      sources: [1 + (at % caches)],
      counted: true,
    })),
  ];
}

/** Each knows the origin, `chosen` others at random, and those that chose it. */
export function swarm(up: number, nodes: number, node: Link, chosen: number, random: Random): Machine[] {
  const known = Array.from({ length: nodes + 1 }, () => new Set([ORIGIN]));
  for (let place = 1; place <= nodes; place++) {
    for (let tries = 0; tries < chosen; tries++) {
      const other = 1 + Math.floor(random() * nodes);
      if (other === place) continue;
      known[place]!.add(other);
      known[other]!.add(place);
    }
  }
  const peers = known.slice(1).map((sources) => ({ ...HERE, ...node, sources: [...sources], counted: true }));
  return [origin(up), ...peers];
}

/** The machines with `change` applied to `share` of the nodes, chosen at random. */
export function someOf(
  machines: readonly Machine[],
  share: number,
  random: Random,
  change: (node: Machine) => Partial<Machine>,
): Machine[] {
  const nodes = [...machines.entries()].filter(([, { counted }]) => counted).map(([place]) => place);
  const chosen = new Set<number>();
  while (chosen.size < Math.round(share * nodes.length)) {
    chosen.add(nodes[Math.floor(random() * nodes.length)]!);
  }
  return machines.map((machine, place) => (chosen.has(place) ? { ...machine, ...change(machine) } : machine));
}

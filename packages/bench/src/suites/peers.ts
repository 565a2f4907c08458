import { rmSync } from 'node:fs';
import { alternate, fasterAtLeast } from '../measure.ts';
import { execute } from '../process.ts';
import type { Check, Outcome, Timing } from '../result.ts';
import { expectSame } from '../same-file.ts';
import { formatSize, GIB } from '../sizes.ts';
import type { Bench, Suite } from '../suite.ts';
import { Skipped } from '../suite.ts';
import { age } from '../tools/age.ts';
import { esdk } from '../tools/esdk.ts';
import type { Peer, PeerFactory } from '../tools/peer.ts';
import { python } from '../tools/python.ts';
import { BARE } from '../tools/weightseal.ts';

/** How many times as fast we are to be; zero where there is no target. */
interface Targets {
  readonly open: number;
  readonly seal: number;
  readonly sealBare: number;
}

const PEERS: readonly { name: string; factory: PeerFactory; targets: readonly Targets[] }[] = [
  { name: 'age', factory: age, targets: [{ open: 4, seal: 1, sealBare: 1.8 }] },
  {
    name: 'AWS Encryption SDK',
    factory: esdk,
    targets: [
      { open: 2, seal: 0, sealBare: 0 },
      { open: 10, seal: 0, sealBare: 0 },
    ],
  },
  { name: 'Python', factory: python, targets: [{ open: 8, seal: 8, sealBare: 8 }] },
];

export const peers: Suite = {
  name: 'peers',
  title: 'Beside other tools',
  async run(bench) {
    const outcomes: Outcome[] = [];
    for (const { name, factory, targets } of PEERS) {
      try {
        const ready = await factory(bench.cache, (file) => bench.scratch.path(file));
        for (const [i, peer] of ready.entries()) outcomes.push(await compare(bench, peer, targets[i]!));
      } catch (error) {
        const reason = (error as Error).message;
        bench.log(`  ${name} is left out: ${reason}`);
        outcomes.push({ timings: [], checks: [], notes: [`${name} is left out: ${reason}`] });
      }
    }
    if (outcomes.every(({ timings }) => timings.length === 0)) throw new Skipped('no peer could be run');
    return {
      timings: outcomes.flatMap(({ timings }) => timings),
      checks: outcomes.flatMap(({ checks }) => checks),
      notes: outcomes.flatMap(({ notes }) => notes),
    };
  },
};

/** Each peer alone with us: so few of these files are in memory at once, and every ratio is of runs that alternated. */
async function compare(bench: Bench, peer: Peer, targets: Targets): Promise<Outcome> {
  const { scratch, weightseal } = bench;
  const wanted = bench.size(2 * GIB);
  const bytes = Math.min(wanted, peer.limit ?? wanted);
  bench.need(4.1 * bytes + (peer.memory?.(bytes) ?? 0));
  bench.log(`  ${peer.label}`);
  const [plain, ours, theirs] = [
    scratch.plaintext('plain', bytes),
    scratch.path('ours'),
    scratch.path('theirs'),
  ];
  const opened = scratch.path('opened');
  const memory = peer.memory?.(bytes) ?? 0;
  const how = { runs: bench.runs(3, 5), bytes, scratch };
  try {
    const sealing = [weightseal.seal(plain, ours, ['--no-manifest']), weightseal.seal(plain, ours, BARE)];
    const sealed = await alternate([...sealing, { ...peer.seal(plain, theirs), memory }], how);
    await execute(sealing[0]!.argv);
    await execute(peer.seal(plain, theirs).argv);
    const opening = [weightseal.open(ours, opened), { ...peer.open(theirs, opened), memory }];
    for (const { argv } of opening) {
      await execute(argv);
      expectSame(plain, opened);
      rmSync(opened);
    }
    const open = await alternate(opening, how);
    const limited = `${peer.label} cannot take more than ${formatSize(bytes)}.`;
    return {
      timings: [...sealed, ...open],
      checks: checks(peer, sealed, open, targets),
      notes: bytes < wanted ? [limited] : [],
    };
  } finally {
    scratch.remove('plain', 'ours', 'theirs', 'opened');
  }
}

function checks(peer: Peer, sealed: readonly Timing[], open: readonly Timing[], targets: Targets): Check[] {
  const [withDigest, bare, theirSeal] = sealed;
  const [ourOpen, theirOpen] = open;
  const all: [string, Timing, Timing, number][] = [
    ['open', ourOpen!, theirOpen!, targets.open],
    ['seal --no-manifest', withDigest!, theirSeal!, targets.seal],
    ['seal, bare', bare!, theirSeal!, targets.sealBare],
  ];
  return all
    .filter(([, , , target]) => target > 0)
    .map(([what, us, them, target]) =>
      fasterAtLeast(`${what}, times as fast as ${peer.label}`, us, them, target),
    );
}

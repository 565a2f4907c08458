import { peakMemory } from '../memory.ts';
import type { Command } from '../process.ts';
import type { Check } from '../result.ts';
import type { Scratch } from '../scratch.ts';
import { formatSize, GIB, MIB } from '../sizes.ts';
import type { Bench, Suite } from '../suite.ts';
import { BARE } from '../tools/weightseal.ts';

const LIMIT_MIB = 160;

export const memory: Suite = {
  name: 'memory',
  title: 'Peak memory of the process',
  async run(bench) {
    const checks: Check[] = [];
    const notes: string[] = [];
    for (const bytes of sizes(bench)) {
      const where = place(bench, bytes);
      if (where) checks.push(...(await measure(bench, where, bytes)));
      else
        notes.push(`${formatSize(bytes)} are left out: neither memory nor disk has room for two such files.`);
      if (where === bench.disk) notes.push(`${formatSize(bytes)}: on disk; the plaintext is a sparse file.`);
    }
    return { timings: [], checks, notes };
  },
};

function sizes(bench: Bench): number[] {
  const { full, size } = bench.options;
  return full && size === undefined ? [GIB, 4 * GIB, 16 * GIB] : [bench.size(GIB) / 4, bench.size(GIB)];
}

function place({ scratch, disk }: Bench, bytes: number): Scratch | undefined {
  const files = 2.1 * bytes;
  return scratch.has(files) ? scratch : disk.has(files) ? disk : undefined;
}

async function measure(bench: Bench, where: Scratch, bytes: number): Promise<Check[]> {
  const { weightseal } = bench;
  const plain = where.sparse('plain', bytes);
  const sealed = where.path('sealed');
  const opened = where.path('opened');
  const checks: Check[] = [];
  const check = async (command: Command) => {
    bench.log(`  ${formatSize(bytes)}: ${command.label}`);
    const measured = (await peakMemory(command, bench.scratch)) / MIB;
    const label = `${command.label}, ${formatSize(bytes)}`;
    checks.push({ label, unit: 'MiB', bound: 'at most', target: LIMIT_MIB, measured });
  };
  try {
    await check(weightseal.seal(plain, sealed, BARE));
    where.remove('sealed');
    await check(weightseal.seal(plain, sealed));
    await check(weightseal.open(sealed, opened));
    where.remove('opened');
    await check(weightseal.openToNowhere(sealed));
    await check(weightseal.verify(sealed));
    await check(weightseal.verify(sealed, ['--no-digest']));
    return checks;
  } finally {
    where.remove('plain', 'sealed', 'opened');
  }
}

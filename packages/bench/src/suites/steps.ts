import { MIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

const MEBIBYTES = 128;

const LABELS: Readonly<Record<string, string>> = {
  read: 'read from the page cache',
  crypt: 'AES-256-GCM',
  write: 'write into the tmpfs',
  digest: 'SHA-256',
};

export const steps: Suite = {
  name: 'steps',
  title: 'What one thread does for each MiB',
  async run(bench) {
    const { scratch } = bench;
    const plain = scratch.plaintext('plain', MEBIBYTES * MIB);
    scratch.warm(MEBIBYTES * MIB);
    const args = [plain, scratch.path('output'), `${MEBIBYTES}`, `${bench.runs(5, 15)}`];
    const milliseconds = await runProbe<Record<string, number[]>>('steps', ...args);
    const timings = Object.entries(LABELS).map(([step, label]) => ({
      label,
      bytes: MIB,
      milliseconds: milliseconds[step]!,
    }));
    return { timings, checks: [], notes: [] };
  },
};

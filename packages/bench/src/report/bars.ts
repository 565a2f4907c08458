import type { Result } from '../result.ts';
import { median } from '../stats.ts';
import { BARE } from '../tools/weightseal.ts';
import { throughput } from './format.ts';

export interface Bar {
  readonly label: string;
  /** GB a second. */
  readonly value: number;
  readonly ours: boolean;
}

export interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const OPEN = ['weightseal open', 'cp', 'age -d', / decrypt$/] as const;
const SEAL = [
  'weightseal seal',
  'weightseal seal --no-manifest',
  `weightseal seal ${BARE.join(' ')}`,
  'openssl dgst -sha256',
  'age -r',
  / encrypt$/,
] as const;

/** The bars of the plot: what each tool reaches at the median, over all suites that compare with it. */
export function barGroups(results: readonly Result[]): Group[] {
  const compared = results.filter(({ name }) => ['open', 'seal', 'peers'].includes(name));
  return [
    { title: 'open', bars: bars(compared, OPEN) },
    { title: 'seal', bars: bars(compared, SEAL) },
  ].filter(({ bars }) => bars.length > 0);
}

function bars(results: readonly Result[], wanted: readonly (string | RegExp)[]): Bar[] {
  const timings = results.flatMap((result) => result.timings);
  const labels = [...new Set(timings.map(({ label }) => label))];
  const matching = wanted.flatMap((want) =>
    labels.filter((label) => (typeof want === 'string' ? label === want : want.test(label))),
  );
  return matching.map((label) => {
    const speeds = timings
      .filter((timing) => timing.label === label)
      .flatMap(({ bytes, milliseconds }) => milliseconds.map((each) => throughput(bytes, each)));
    return { label, value: median(speeds), ours: label.startsWith('weightseal') };
  });
}

import { execute } from '../process.ts';
import { expectSame } from '../same-file.ts';
import { GIB } from '../sizes.ts';
import { median } from '../stats.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

const REQUEST_MS = 40;
const IN_FLIGHT = 16;

interface Opened {
  readonly milliseconds: number;
  readonly requests: number;
  readonly most: number;
}

export const remote: Suite = {
  name: 'remote',
  title: 'Open from a source that takes 40 ms for each request',
  async run(bench) {
    const { scratch, weightseal } = bench;
    // Node reads no more than 2 GiB at once.
    const bytes = Math.min(bench.size(GIB), GIB);
    // The plaintext, the sealed file, its bytes in the probe, and what that writes.
    bench.need(4.2 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    const output = scratch.path('output');
    const open = (concurrency: number) =>
      runProbe<Opened>('remote', sealed, output, weightseal.keyPath, String(REQUEST_MS), String(concurrency));
    const opened: Opened[] = [];
    for (let run = 0; run < bench.runs(3, 5); run++) {
      scratch.warm(2 * bytes);
      opened.push(await open(IN_FLIGHT));
      if (run === 0) expectSame(plain, output);
      scratch.remove('output');
    }
    scratch.warm(2 * bytes);
    const few = await open(4);
    scratch.remove('output');
    const speed = (milliseconds: number) => bytes / 1e3 / milliseconds;
    const times = opened.map(({ milliseconds }) => milliseconds);
    const { requests } = opened[0]!;
    return {
      timings: [
        { label: `${IN_FLIGHT} requests in flight`, bytes, milliseconds: times },
        { label: '4 requests in flight', bytes, milliseconds: [few.milliseconds] },
      ],
      checks: [
        {
          label: `openToFile, ${REQUEST_MS} ms a request, ${Math.max(...opened.map(({ most }) => most))} in flight`,
          unit: 'MB/s',
          bound: 'at least',
          target: 600,
          measured: speed(median(times)),
          ofMinimums: speed(Math.min(...times)),
        },
      ],
      notes: [
        `From the call to the file having its name, in a process that has just started; the source gives what is in memory. ${requests} requests, of 4 MiB of plaintext each but for the head and the last segment.`,
      ],
    };
  },
};

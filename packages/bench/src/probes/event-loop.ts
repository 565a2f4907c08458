// Measures how late a host's timers are while this process seals or opens a file. `idle` does nothing for as long, and `spin` has plain
// threads that only turn: what the machine itself does to the timers.
import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openToFile, sealToFile } from '@weightseal/core';
import { createLocalKey } from '@weightseal/kms-local';

const RESOLUTION_MS = 1;
const [operation = '', input = '', output = '', keyPath = '', idleMs = '1000'] = process.argv.slice(2);
const options = { keys: [createLocalKey({ path: keyPath })], context: { model: 'bench', version: '1' } };

const operations: Readonly<Record<string, () => Promise<unknown>>> = {
  seal: () => sealToFile(input, output, options),
  open: () => openToFile(input, output, options),
  idle: () => sleep(Number(idleMs)),
  spin: async () => {
    const source =
      'const until = Date.now() + require("node:worker_threads").workerData; while (Date.now() < until);';
    const spin = () => new Worker(source, { eval: true, workerData: Number(idleMs) });
    const spinners = Array.from({ length: availableParallelism() }, spin);
    await Promise.all(spinners.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
  },
};

await sleep(200);
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
await sleep(10);
histogram.reset();
await operations[operation]!();
// A delay is recorded when it is over.
await sleep(5);
histogram.disable();
const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
console.log(JSON.stringify({ max: late(histogram.max), p99: late(histogram.percentile(99)) }));

// How long seal and open keep the main thread's event loop from its work. Prints JSON: milliseconds, and how often a timer of 5 ms was served.
// node event-loop.mjs '{"directory":"/dev/shm/somewhere","bytes":314572800}'
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openToFile, sealToFile } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { directory, bytes } = JSON.parse(process.argv[2]);
const CHUNK = 1_048_576;
const [plain, sealed, opened] = ['plain', 'sealed', 'opened'].map((name) => join(directory, name));
const options = { keys: [fixedKey('a')], overwrite: true, digest: true };

async function measure(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let served = 0;
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    served++;
  }, 5);
  delay.enable();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  delay.disable();
  clearInterval(timer);
  const { max, min } = delay;
  const p99 = delay.percentile(99);
  return { ms, served, longestGapMs: longest, maxMs: max / 1e6, p99Ms: p99 / 1e6, minMs: min / 1e6 };
}

await pipeline(
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += CHUNK) yield Buffer.alloc(Math.min(CHUNK, bytes - at), at >> 20);
    })(),
  ),
  createWriteStream(plain),
);
await sealToFile(plain, sealed, options);
const seal = await measure(() => sealToFile(plain, sealed, options));
const open = await measure(() => openToFile(sealed, opened, options));
process.stdout.write(`${JSON.stringify({ seal, open })}\n`, () => process.exit());

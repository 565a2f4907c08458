// 200 operations of all kinds and ends in one process: prints how many descriptors and threads it had before and has afterwards.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bufferSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  reseal,
  rewrap,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { directory, rounds } = JSON.parse(process.argv[2]);
mkdirSync(directory, { recursive: true });
const at = (name) => join(directory, name);
const keys = [fixedKey('a')];
const all = { keys, overwrite: true };
// More than one batch, so that an abort finds something to stop.
const SIZE = 20 * 1_048_576;

const plain = Buffer.alloc(SIZE, 7);
writeFileSync(at('plain'), plain);
writeFileSync(at('no-sealed'), Buffer.alloc(100, 7));
await sealToFile(at('plain'), at('sealed'), all);
const bytes = readFileSync(at('sealed'));
const cut = bytes.subarray(0, bytes.length - 2_000_000);
const changed = Uint8Array.from(bytes);
changed[bytes.length - 3_000_000] ^= 1;
writeFileSync(at('changed'), changed);
writeFileSync(at('cut'), cut);

const abort = () => {
  const controller = new AbortController();
  const onProgress = ({ bytes: done }) => done > 0 && controller.abort();
  return { signal: controller.signal, onProgress };
};
const drain = async (stream) => {
  for await (const _ of stream);
};
const firstOf = async (stream) => {
  for await (const chunk of stream) return chunk;
};
async function* pieces(of) {
  for (let from = 0; from < of.length; from += 100_000) yield of.subarray(from, from + 100_000);
}
const succeed = [
  () => sealToFile(at('plain'), at('out'), all),
  () => openToFile(at('sealed'), at('opened'), { ...all, digest: true }),
  () => verify(at('sealed'), { keys }),
  () => rewrap(at('sealed'), { keys }),
  () => reseal(at('out'), { keys }),
  () => inspect(at('sealed')),
  () => drain(sealToStream(bufferSource(plain), { keys })),
  () => drain(openToStream(pieces(bytes), { keys })),
  () => firstOf(openToStream(at('sealed'), { keys })),
  () => firstOf(sealToStream(pieces(plain), { keys })),
  async () => {
    const reader = await openReader(at('sealed'), { keys });
    await reader.read(1_000_000, 2_000_000);
    await reader[Symbol.asyncDispose]();
  },
];
const fail = [
  () => openToFile(at('sealed'), at('opened'), { keys }),
  () => openToFile(at('sealed'), at('missing/opened'), { keys }),
  () => openToFile(at('changed'), at('opened'), all),
  () => openToFile(at('cut'), at('opened'), all),
  () => verify(at('no-sealed'), { keys }),
  () => verify(at('sealed'), { keys: [fixedKey('b')] }),
  () => sealToFile(at('missing'), at('out'), all),
  () => openToFile(at('sealed'), at('opened'), { ...all, ...abort() }),
  () => sealToFile(at('plain'), at('out'), { ...all, ...abort() }),
  () => reseal(at('out'), { keys, ...abort() }),
  () => drain(openToStream(pieces(cut), { keys })),
  () => drain(openToStream(pieces(bytes), { keys, ...abort() })),
];

const count = (kind) => readdirSync(`/proc/self/${kind}`).length;
const threads = () => Number(/^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
const before = { descriptors: count('fd'), threads: threads() };
let done = 0;
const wrong = [];
for (let round = 0; round < rounds; round++) {
  for (const work of succeed) await work().catch((error) => wrong.push(`${work}: ${error}`));
  for (const work of fail)
    await work().then(
      () => wrong.push(`${work} did not fail`),
      () => {},
    );
  // Several at once too.
  await Promise.allSettled([succeed[2](), succeed[5](), fail[2](), fail[7](), succeed[1]()]);
  done += succeed.length + fail.length + 5;
}
await sleep(300);
const after = { descriptors: count('fd'), threads: threads() };
process.stdout.write(
  `${JSON.stringify({ done, before, after, wrong, left: readdirSync(directory) })}\n`,
  () => process.exit(),
);

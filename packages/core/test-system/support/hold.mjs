// Seals or opens with a local key file, disposes of everything, and waits to be looked at.
// Prints a line for each state that it has reached, and goes on when a line comes on its standard input.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bufferSource, openReader, openToFile, reseal, rewrap, sealToFile, verify } from '@weightseal/core';
import { createLocalKey } from '../../../kms-local/dist/index.js';

const { operation, input, output, keyFile, marker } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
// What a search for a secret must find, or it proves nothing: 48 bytes, made from hexadecimal text backwards.
const planted = Buffer.from([...marker].reverse().join(''), 'hex');
const keys = [createLocalKey({ path: keyFile })];

async function reached(state) {
  process.stdout.write(`${state} ${planted.length}\n`);
  await lines.next();
}

if (operation === 'seal') await sealToFile(input, output, { keys });
if (operation === 'open') await openToFile(input, output, { keys, digest: true });
if (operation === 'rewrap') await rewrap(input, { keys });
if (operation === 'reseal') await reseal(input, { keys });
if (operation === 'fail') await failing();
if (operation === 'reader') {
  const reader = await openReader(input, { keys });
  for (let at = 0; at + 4096 <= reader.size; at += 1_000_003) await reader.read(at, 4096);
  await reached('open');
  await reader[Symbol.asyncDispose]();
}
await reached('done');
process.exit(planted[0] === 256 ? 1 : 0);

/** Ends that are no success: an abort in the middle, a segment that was changed, and metadata that does not fit. */
async function failing() {
  const controller = new AbortController();
  const onProgress = ({ bytes }) => bytes > 0 && controller.abort();
  const bytes = readFileSync(input);
  const changed = (at) => {
    const copy = Uint8Array.from(bytes);
    copy[at] ^= 1;
    return bufferSource(copy);
  };
  const failures = [
    () => openToFile(input, output, { keys, signal: controller.signal, onProgress }),
    () => verify(changed(bytes.length - 1_500_000), { keys }),
    () => verify(changed(bytes.length - 1), { keys }),
    () => verify(input, { keys, context: { model: 'another' } }),
  ];
  for (const fail of failures) {
    const worked = await fail().then(
      () => true,
      () => false,
    );
    if (worked) throw new Error('what had to fail did not');
  }
}

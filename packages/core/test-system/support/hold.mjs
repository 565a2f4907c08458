// Seals or opens with a local key file, disposes of everything, and waits to be looked at.
// Prints a line for each state that it has reached, and goes on when a line comes on its standard input.
import { createInterface } from 'node:readline';
import { openReader, openToFile, sealToFile } from '@weightseal/core';
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
if (operation === 'reader') {
  const reader = await openReader(input, { keys });
  for (let at = 0; at + 4096 <= reader.size; at += 1_000_003) await reader.read(at, 4096);
  await reached('open');
  await reader[Symbol.asyncDispose]();
}
await reached('done');
process.exit(planted[0] === 256 ? 1 : 0);

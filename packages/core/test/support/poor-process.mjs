// Does each operation on a small and a large file, and writes what came of it as JSON. Arguments: where they are sealed, and how many descriptors to leave.
import { closeSync, openSync, writeSync } from 'node:fs';
import { bufferSource, openToFile, reseal, rewrap, sealToFile, verify } from '@weightseal/core';
import { dataKeyInTheClear } from './clear-key.mjs';

const [directory, left] = process.argv.slice(2);
const keys = [dataKeyInTheClear('a')];
const outcomes = {};
const attempt = async (name, operation) => {
  try {
    await operation();
    outcomes[name] = 'done';
  } catch (error) {
    outcomes[name] = { code: error.code, message: error.message };
  }
};

const held = [];
if (left) {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {}
  for (let i = 0; i < Number(left); i++) closeSync(held.pop());
}
for (const [name, size] of [
  ['small', 1000],
  ['large', 6_000_000],
]) {
  const path = `${directory}/${name}.sealed`;
  const options = { keys, overwrite: true };
  await attempt(`${name} seal`, () => sealToFile(bufferSource(new Uint8Array(size)), path, options));
  await attempt(`${name} verify`, () => verify(path, options));
  await attempt(`${name} open`, () => openToFile(path, `${directory}/${name}`, options));
  await attempt(`${name} rewrap`, () => rewrap(path, options));
  await attempt(`${name} reseal`, () => reseal(path, options));
}
for (const descriptor of held) closeSync(descriptor);
writeSync(1, JSON.stringify(outcomes));
process.exit(0);

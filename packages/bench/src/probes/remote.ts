// Opens a sealed file from a source that takes its time for each request, as a store over a network does. The bytes are in memory: nothing but the wait is measured.
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ByteSource, openToFile } from '@weightseal/core';
import { createLocalKey } from '@weightseal/kms-local';

const [sealedPath = '', output = '', keyPath = '', requestMs = '40', concurrency = '16'] =
  process.argv.slice(2);

const bytes = await readFile(sealedPath);
let requests = 0;
let underWay = 0;
let most = 0;
const source: ByteSource = {
  size: bytes.length,
  concurrency: Number(concurrency),
  async read(offset, length) {
    requests++;
    most = Math.max(most, ++underWay);
    await sleep(Number(requestMs));
    underWay--;
    return bytes.subarray(offset, offset + length);
  },
};
const keys = [createLocalKey({ path: keyPath })];
const started = performance.now();
await openToFile(source, output, { keys });
const milliseconds = performance.now() - started;
console.log(JSON.stringify({ milliseconds, requests, most }));

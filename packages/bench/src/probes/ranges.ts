// Reads 1 MiB at random places of a sealed file, and beside it the same bytes of the plaintext.
import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { type ByteSource, FileSource, inspect, openReader } from '@weightseal/core';
import { createLocalKey } from '@weightseal/kms-local';

const LENGTH = 1_048_576;
const [sealedPath = '', plainPath = '', keyPath = '', reads = '200'] = process.argv.slice(2);

let bytes = 0;
function counting(source: ByteSource): ByteSource {
  const read: ByteSource['read'] = (offset, length, options) => {
    bytes += length;
    return source.read(offset, length, options);
  };
  return { size: source.size, read };
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

const keys = [createLocalKey({ path: keyPath })];
const { segmentLength } = await inspect(sealedPath);
await using sealed = await FileSource.open(sealedPath);
await using plain = await FileSource.open(plainPath);
await using reader = await openReader(counting(sealed), { keys });
const latencies: number[] = [];
const plainLatencies: number[] = [];
let segments = 0;
for (let i = 0; i < Number(reads); i++) {
  const offset = randomInt(reader.size - LENGTH);
  const [plainLatency, expected] = await timed(() => plain.read(offset, LENGTH));
  bytes = 0;
  const [latency, actual] = await timed(() => reader.read(offset, LENGTH));
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`The bytes at ${offset} differ.`);
  // Segments are read whole, each once.
  segments = Math.max(segments, Math.ceil(bytes / segmentLength));
  latencies.push(latency);
  plainLatencies.push(plainLatency);
}
console.log(JSON.stringify({ segments, latencies, plainLatencies }));

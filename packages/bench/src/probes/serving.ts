// A server that answers requests while it loads a model. The requests come from a thread, so that waiting for answers is not part of what is measured.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const CLIENT = `
const { parentPort, workerData } = require('node:worker_threads');
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const latencies = [];
let stopped = false;
parentPort.once('message', () => { stopped = true; });
const ask = () => new Promise((resolve, reject) => {
  const started = performance.now();
  http.get({ port: workerData, host: '127.0.0.1', agent }, (answer) => {
    answer.resume().once('end', () => { latencies.push(performance.now() - started); resolve(); });
  }).once('error', reject);
});
const loop = async () => { while (!stopped) { await ask(); await new Promise((resolve) => setTimeout(resolve, 2)); } };
Promise.all([loop(), loop(), loop(), loop()]).then(() => { agent.destroy(); parentPort.postMessage(latencies); });
`;
const RESOLUTION_MS = 1;

const [what = 'load', sealed = '', keyPath = '', idleMs = '1500'] = process.argv.slice(2);
const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as { port: number };
const client = new Worker(CLIENT, { eval: true, workerData: port });
await sleep(300);
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
await sleep(10);
histogram.reset();
if (what === 'load') {
  const model = await load(sealed, { keys: [createLocalKey({ path: keyPath })] });
  await model.dispose();
} else await sleep(Number(idleMs));
await sleep(5);
histogram.disable();
client.postMessage('stop');
const [latencies] = (await once(client, 'message')) as [number[]];
server.close();
latencies.sort((a, b) => a - b);
const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
console.log(
  JSON.stringify({
    max: late(histogram.max),
    p99: late(histogram.percentile(99)),
    requestP99: latencies[Math.floor(latencies.length * 0.99)],
    requestMax: latencies.at(-1),
    requests: latencies.length,
  }),
);

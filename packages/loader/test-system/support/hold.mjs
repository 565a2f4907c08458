// Loads a model and holds it; then does what it is told, a line at a time.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { path, keyFile, options, bytes, midway } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
const job = { keys: [createLocalKey({ path: keyFile })], ...options };
const MIDWAY = {
  abort: () => stopping.abort(),
  exit: () => process.exit(3),
  uncaught: () => setImmediate(() => throwing()),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
};
if (midway)
  Object.assign(job, { signal: stopping.signal, onProgress: () => say('midway') + MIDWAY[midway]() });

// Node 22 does not know `using`.
async function hold() {
  const model = await load(path, job);
  try {
    return await obey(model);
  } finally {
    await model.dispose();
  }
}

async function obey(model) {
  // What a program has in its own memory is there too.
  const copy = bytes ? await model.bytes() : undefined;
  say(`loaded ${JSON.stringify({ pid: process.pid, path: model.path, placement: model.placement })}`);
  for await (const order of createInterface({ input: process.stdin })) {
    if (order === 'read') say(`read ${createHash('sha256').update(readFileSync(model.path)).digest('hex')}`);
    if (order === 'dispose') say(`disposed ${await model.dispose()}`);
    if (order === 'return') return copy?.length;
    if (order === 'throw') throw new Error('thrown');
    if (order === 'exit') process.exit(3);
    if (order === 'uncaught') setImmediate(() => throwing());
    if (order === 'reject') Promise.reject(new Error('rejected'));
  }
}

function throwing() {
  throw new Error('uncaught');
}

try {
  await hold();
  say('ended');
} catch (error) {
  say(`failed ${error.code ?? error.message}`);
  // What is left is looked at while this process lives.
  if (midway) await once(process.stdin, 'data');
}
process.stdin.destroy();

// Loads a sealed file or bundle several times, twice unless the last argument says otherwise, and prints how long the fastest but the first took, from the call
// to the plaintext being there: the first time the machine may have to give memory that nobody had yet, and a host may take back at any moment what was freed.
// The first argument says where to.
import { performance } from 'node:perf_hooks';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const [where = 'auto', sealed = '', keyPath = '', times = '2'] = process.argv.slice(2);
const keys = [createLocalKey({ path: keyPath })];

async function timed(): Promise<number> {
  const started = performance.now();
  const model = await load(sealed, { keys, where: where as 'own' | 'existing' });
  const milliseconds = performance.now() - started;
  await model.dispose();
  return milliseconds;
}

await timed();
let milliseconds = Infinity;
for (let time = 1; time < Number(times); time++) milliseconds = Math.min(milliseconds, await timed());
console.log(JSON.stringify({ milliseconds }));

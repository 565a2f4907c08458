// Loads a sealed file twice, and prints how long the second time took, from the call to the plaintext being there: the first time the
// machine may have to give memory that nobody had yet. The first argument says where to.
import { performance } from 'node:perf_hooks';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const [where = 'auto', sealed = '', keyPath = ''] = process.argv.slice(2);
const keys = [createLocalKey({ path: keyPath })];

async function timed(): Promise<number> {
  const started = performance.now();
  const model = await load(sealed, { keys, where: where as 'own' | 'existing' });
  const milliseconds = performance.now() - started;
  await model.dispose();
  return milliseconds;
}

await timed();
console.log(JSON.stringify({ milliseconds: await timed() }));

// Loads a sealed file, and prints how long that took: from the call to the plaintext being there. The first argument says where to.
import { performance } from 'node:perf_hooks';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const [where = 'auto', sealed = '', keyPath = ''] = process.argv.slice(2);
const keys = [createLocalKey({ path: keyPath })];
const started = performance.now();
const model = await load(sealed, { keys, where: where as 'own' | 'existing' });
const milliseconds = performance.now() - started;
await model.dispose();
console.log(JSON.stringify({ milliseconds }));

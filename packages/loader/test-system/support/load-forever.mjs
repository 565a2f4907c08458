// Loads a model over and over, and holds it for a moment each time, until it is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { path, keyFile, options } = JSON.parse(process.argv[2]);
const keys = [createLocalKey({ path: keyFile })];
process.stdout.write('begun\n');
for (;;) {
  const model = await load(path, { keys, ...options });
  await sleep(5);
  await model.dispose();
}

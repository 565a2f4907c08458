// Reads one tensor of a sealed safetensors file in an object store, from opening the file to the tensor being there. The SDK and our code have been loaded by a request before.
import { performance } from 'node:perf_hooks';
import { createLocalKey } from '@weightseal/kms-local';
import { openSafetensors } from '@weightseal/loader';
import { locationFromUri } from '@weightseal/stores';

const [uri = '', keyPath = '', name = ''] = process.argv.slice(2);
const keys = [createLocalKey({ path: keyPath })];

async function timed(): Promise<number> {
  const location = await locationFromUri(uri);
  const started = performance.now();
  try {
    await using file = await openSafetensors(location, { keys });
    await file.tensor(name);
    return performance.now() - started;
  } finally {
    await location.store.close();
  }
}

await timed();
console.log(JSON.stringify({ milliseconds: await timed() }));

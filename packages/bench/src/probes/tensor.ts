// Reads one tensor of a sealed safetensors file, from opening the file to the tensor being there.
import { performance } from 'node:perf_hooks';
import { createLocalKey } from '@weightseal/kms-local';
import { openSafetensors } from '@weightseal/loader';

const [sealed = '', keyPath = '', name = ''] = process.argv.slice(2);
const keys = [createLocalKey({ path: keyPath })];
const started = performance.now();
await using file = await openSafetensors(sealed, { keys });
const { bytes } = await file.tensor(name);
console.log(JSON.stringify({ milliseconds: performance.now() - started, bytes: bytes.length }));

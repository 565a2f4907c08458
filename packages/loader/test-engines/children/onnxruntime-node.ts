// onnxruntime-node reads the digits model by its path, or takes its bytes, and prints the probabilities of every sample.
import { readFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { classify } from '../../../../examples/quickstart/classify.ts';
import { withModel } from './given-model.ts';

const file = new URL('../../../../examples/quickstart/digits-samples.json', import.meta.url);
const samples: { pixels: number[] }[] = JSON.parse(await readFile(file, 'utf8'));
const pixels = samples.map((sample) => sample.pixels);

const probabilities = await withModel(async (model) =>
  classify(argv[2] === 'bytes' ? await model.bytes() : model.path, pixels),
);
console.log(JSON.stringify([...probabilities]));

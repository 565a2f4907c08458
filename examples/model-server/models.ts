// What the example needs of models: two that answer differently, their answers as they are without any sealing, and sealed files.
import { copyFile, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bufferSource, sealToFile } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { classify } from '../quickstart/classify.ts';

const quickstart = join(import.meta.dirname, '../quickstart');

export const samples: readonly { readonly label: number; readonly pixels: readonly number[] }[] = JSON.parse(
  await readFile(join(quickstart, 'digits-samples.json'), 'utf8'),
);

/** Version 1 is the trained model. Version 2 is the same network with the last layer's ten biases in another order. */
export async function plainModels(): Promise<Record<'1' | '2', Buffer>> {
  const one = await readFile(join(quickstart, 'digits.onnx'));
  const two = Buffer.from(one);
  // The end of an ONNX tensor, as Protocol Buffers write it: field 8, its name, and field 9, 40 bytes of data.
  const head = Buffer.from('\x42\x05bias2\x4a\x28', 'latin1');
  const at = two.indexOf(head) + head.length;
  if (at < head.length) throw new Error('digits.onnx is another model by now');
  new Float32Array(Uint8Array.from(two.subarray(at, at + 40)).buffer)
    .toReversed()
    .forEach((bias, index) => void two.writeFloatLE(bias, at + 4 * index));
  return { 1: one, 2: two };
}

/** The scores for each sample, one sample at a time, as the server is asked. */
export async function answersOf(model: Uint8Array): Promise<number[][]> {
  const answers: number[][] = [];
  for (const { pixels } of samples) answers.push([...(await classify(model, [pixels]))]);
  return answers;
}

/** Seals both versions into `directory`, and four that must not be served. Returns the key's URI. */
export async function sealAll(directory: string, models: Record<'1' | '2', Buffer>): Promise<string> {
  const path = join(directory, 'model.key');
  const uri = await generateKeyFile(path);
  const keys = [createLocalKey({ path })];
  const file = (version: string) => join(directory, `${version}.sealed`);
  const seal = (version: string, model: string, bytes: Uint8Array) =>
    sealToFile(bufferSource(bytes), file(version), {
      keys,
      context: { model, version },
      name: 'digits.onnx',
    });

  await seal('1', 'digits', models[1]);
  await seal('2', 'digits', models[2]);
  const { sealedSize } = await seal('tampered', 'digits', models[1]);
  await flipOneBit(file('tampered'), sealedSize - 1000);
  await seal('of-another-model', 'letters', models[1]);
  await copyFile(file('1'), file('old-as-new'));
  await seal('no-model', 'digits', Buffer.from('weights that no engine reads'));
  return uri;
}

async function flipOneBit(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, at);
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
}

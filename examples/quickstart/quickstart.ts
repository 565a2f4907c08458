// The main job on a real model: seal it, look at it as a thief would, open it, run it, and see a changed file refused.
import { copyFile, mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inspect, isWeightsealError, openToFile, sealToFile } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { classify } from './classify.ts';

const model = join(import.meta.dirname, 'digits.onnx');
const samples: { label: number; pixels: number[] }[] = JSON.parse(
  await readFile(join(import.meta.dirname, 'digits-samples.json'), 'utf8'),
);

function say(text = ''): void {
  console.log(text);
}

/** How many of the model's own bytes, in pieces of 16, can be found in the file. */
async function plaintextIn(path: string): Promise<number> {
  const [plain, sealed] = await Promise.all([readFile(model), readFile(path)]);
  let found = 0;
  for (let at = 0; at + 16 <= plain.length; at += 997)
    if (sealed.includes(plain.subarray(at, at + 16))) found++;
  return found;
}

async function flipOneBit(path: string, at: number): Promise<void> {
  // Node 22 has no `await using`.
  const file = await open(path, 'r+');
  try {
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, at);
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  } finally {
    await file.close();
  }
}

const directory = await mkdtemp(join(tmpdir(), 'weightseal-quickstart-'));
try {
  const sealed = join(directory, 'digits.onnx.sealed');
  const opened = join(directory, 'digits.onnx');
  const context = { model: 'digits', version: '1' };

  say('1. A key. It stays on this machine, in a file that only you can read.');
  const uri = await generateKeyFile(join(directory, 'model.key'));
  const key = createLocalKey({ path: join(directory, 'model.key') });
  say(`   ${uri}`);

  say(`\n2. Seal a trained model: ${basename(model)}, ${(await stat(model)).size} bytes.`);
  const result = await sealToFile(model, sealed, { keys: [key], context });
  say(`   ${basename(sealed)}, ${result.sealedSize} bytes`);

  say('\n3. What the sealed file reveals to anyone who has it:');
  const seen = await inspect(sealed);
  say(`   context     ${JSON.stringify(seen.context)}`);
  say(`   recipients  ${seen.recipients.map(({ keyUri }) => keyUri).join(', ')}`);
  say(`   size        ${seen.size} bytes in ${seen.segments} segment(s), ${seen.algorithm}`);
  say('   and what it hides: the weights, the file name, the digest.');
  say(`   Of the model's bytes, ${await plaintextIn(sealed)} of the pieces searched for stand in it.`);

  say('\n4. Open it, for the model and version that we expect.');
  const { digest, digestVerified } = await openToFile(sealed, opened, { keys: [key], context, digest: true });
  say(`   ${digest} ${digestVerified ? '(verified)' : ''}`);

  say('\n5. Run inference on the model before and after.');
  const pixels = samples.map((sample) => sample.pixels);
  const before = await classify(model, pixels);
  const after = await classify(opened, pixels);
  const equal = before.length === after.length && before.every((value, at) => value === after[at]);
  const right = samples.filter(({ label }, at) => {
    const row = after.subarray(at * 10, at * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  }).length;
  say(`   ${samples.length} handwritten digits, ${right} read correctly.`);
  say(`   The ${after.length} answers before and after are ${equal ? 'equal' : 'DIFFERENT'}.`);
  if (!equal) throw new Error('the opened model answers differently');

  say('\n6. Flip one bit of the sealed file, and try again.');
  const changed = join(directory, 'changed.sealed');
  await copyFile(sealed, changed);
  await flipOneBit(changed, result.sealedSize - 1000);
  const refusal = await openToFile(changed, join(directory, 'changed.onnx'), { keys: [key], context }).catch(
    (error) => error,
  );
  if (!isWeightsealError(refusal)) throw new Error('the changed file was not refused');
  say(`   refused: ${refusal.code}`);
  say(`   ${refusal.message}`);
  const left = await stat(join(directory, 'changed.onnx')).catch(() => undefined);
  if (left) throw new Error('the refused file was written');
  say('   Nothing was written.');
} finally {
  await rm(directory, { recursive: true });
}

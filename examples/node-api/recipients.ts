// Seal for two keys, open with either, take one out, and turn the data key over.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, isWeightsealError, reseal, rewrap, sealToFile, verify } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';

const directory = await mkdtemp(join(tmpdir(), 'weightseal-recipients-'));
try {
  const plain = join(directory, 'weights.bin');
  const sealed = join(directory, 'weights.bin.sealed');
  await writeFile(plain, new Uint8Array(3_000_000));
  for (const name of ['training', 'serving']) await generateKeyFile(join(directory, `${name}.key`));
  const training = createLocalKey({ path: join(directory, 'training.key') });
  const serving = createLocalKey({ path: join(directory, 'serving.key') });

  await sealToFile(plain, sealed, { keys: [training, serving] });
  await verify(sealed, { keys: [serving] });

  // The envelope changes, the payload does not. Whoever kept a copy of the old file can still open that.
  await rewrap(sealed, { keys: [serving], remove: [training.uri] });
  const refusal = await verify(sealed, { keys: [training] }).catch((error: unknown) => error);
  if (!isWeightsealError(refusal)) throw new Error('a removed recipient could open the file');

  // A new data key, every byte encrypted anew: now an old data key opens nothing any more.
  await reseal(sealed, { keys: [serving] });
  const { recipients } = await inspect(sealed);
  console.log(`recipients: ${recipients.length} left, and the other one is told ${refusal.code}`);
} finally {
  await rm(directory, { recursive: true });
}

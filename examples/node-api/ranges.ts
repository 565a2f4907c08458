// Read a piece of a sealed file without opening the whole: a reader costs one call to the key, and each read only its segments.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteSource, FileSource, openReader, sealToFile } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';

const directory = await mkdtemp(join(tmpdir(), 'weightseal-ranges-'));
try {
  const plain = join(directory, 'weights.bin');
  const sealed = join(directory, 'weights.bin.sealed');
  await writeFile(
    plain,
    Float32Array.from({ length: 4_000_000 }, (_, i) => i),
  );
  await generateKeyFile(join(directory, 'model.key'));
  const keys = [createLocalKey({ path: join(directory, 'model.key') })];
  await sealToFile(plain, sealed, { keys });

  // Anything that can read a range is a byte source: a file here, an object in a store elsewhere.
  await using file = await FileSource.open(sealed);
  let read = 0;
  const counted: ByteSource = {
    size: file.size,
    read(offset, length) {
      read += length;
      return file.read(offset, length);
    },
  };

  await using reader = await openReader(counted, { keys });
  const bytes = await reader.read(4 * 1_234_567, 4 * 3);
  console.log(`ranges: ${new Float32Array(bytes.buffer).join(', ')} from ${read} of ${file.size} bytes`);
} finally {
  await rm(directory, { recursive: true });
}

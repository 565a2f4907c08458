// Seal while uploading, open while downloading: neither side ever has the whole model in memory or on a disk.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openToStream, sealToStream } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';

const directory = await mkdtemp(join(tmpdir(), 'weightseal-streams-'));
try {
  await generateKeyFile(join(directory, 'model.key'));
  const keys = [createLocalKey({ path: join(directory, 'model.key') })];
  const context = { model: 'streams', version: '7' };

  const weights = Array.from({ length: 10 }, () => randomBytes(1_000_000));
  // A web stream of sealed bytes: give it to fetch() as a body, or to stream.pipeline().
  const sealed = sealToStream(Readable.from(weights), { keys, context, name: 'weights.bin' });

  // What comes back from a download: a web stream, a Node stream, or any async iterable of bytes.
  let bytes = 0;
  for await (const chunk of openToStream(sealed, { keys, context })) bytes += chunk.length;
  console.log(`streams: ${bytes} bytes sealed and opened on the way`);
} finally {
  await rm(directory, { recursive: true });
}

// Writes an object without end, and says after each part that it goes on: to be killed.
import { ObjectWriter } from '@weightseal/core';
import { createS3Store } from '@weightseal/store-s3';

const [options, key] = process.argv.slice(2);
const store = createS3Store(JSON.parse(options));
const writer = await ObjectWriter.create({ store, key, tuning: { partBytes: 5 * 2 ** 20, concurrency: 2 } });
for (;;) {
  await writer.write(new Uint8Array(2 ** 20));
  process.stdout.write('.');
}

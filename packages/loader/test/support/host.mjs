// A process that loads a model and then does what it is told. Arguments: the sealed file, the key file, what to do.
import { unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const [path, key, does] = process.argv.slice(2);
const model = await load(path, { keys: [createLocalKey({ path: key })], where: 'existing' });
writeSync(1, `${dirname(model.path)}\n`);
if (does === 'writes too much') {
  const large = join(dirname(path), 'large');
  try {
    writeFileSync(large, Buffer.alloc(3_000_000));
  } catch ({ code }) {
    writeSync(1, `${code}\n`);
  }
  unlinkSync(large);
  // The signal of it, if anybody heard it, would have come by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  writeSync(1, 'it goes on\n');
  await model.dispose();
} else {
  process.kill(process.pid, does);
  setInterval(() => {}, 1000);
}

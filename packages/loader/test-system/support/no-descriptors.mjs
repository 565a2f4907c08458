// Disposes of a model that it has open itself, when no descriptor is left to look into /proc with.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { path, keyFile, plain } = JSON.parse(process.argv[2]);
const model = await load(path, { keys: [createLocalKey({ path: keyFile })] });
const reader = openSync(model.path);
const taken = [];
try {
  for (;;) taken.push(openSync('/dev/null'));
} catch {}
const how = await model.dispose();
for (const fd of taken) closeSync(fd);
const expected = readFileSync(plain);
const read = Buffer.alloc(expected.length);
readSync(reader, read, 0, read.length, 0);
console.log(how, read.equals(expected));

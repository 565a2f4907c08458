// Makes and reads key files while no more files can be opened, and says what came of it.
import { openSync, writeSync } from 'node:fs';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';

const [existing, fresh] = process.argv.slice(2);
const tell = ({ code, message }) => writeSync(1, `${code}: ${message}\n`);
// What is opened for the first time is opened now.
await generateKeyFile(`${fresh}-before`);
try {
  for (;;) openSync('/dev/null');
} catch {}
await generateKeyFile(fresh).catch(tell);
await createLocalKey({ path: existing }).wrap(new Uint8Array(32), {}).catch(tell);
process.exit(0);

// Seals and opens 5 MB, with core from the given place, and prints what its threads were started from.
//   node seal-on-threads.mjs URL-OF-CORE FOLDER
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import worker from 'node:worker_threads';
import { dataKeyInTheClear } from './clear-key.mjs';

const keys = [dataKeyInTheClear('one')];
const [core, folder] = process.argv.slice(2);
const threads = [];
const { Worker } = worker;
worker.Worker = class extends Worker {
  constructor(from, options) {
    super(from, options);
    threads.push(options.eval ? 'text' : 'file');
  }
};
const { openToFile, sealToFile, verify } = await import(core);
mkdirSync(folder, { recursive: true });
const [plain, sealed, opened] = ['plain', 'sealed', 'opened'].map((name) => join(folder, name));
writeFileSync(plain, randomBytes(5_000_000));
try {
  await sealToFile(plain, sealed, { keys });
  await verify(sealed, { keys });
  await openToFile(sealed, opened, { keys });
  console.log(JSON.stringify({ threads, same: readFileSync(opened).equals(readFileSync(plain)) }));
} catch ({ code, message }) {
  console.log(JSON.stringify({ threads, same: false, code, message }));
}

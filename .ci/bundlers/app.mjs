// What every row bundles and runs: seals 16 MiB, verifies, opens and loads it, as a file and in a directory, and says what its threads were started from.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import worker from 'node:worker_threads';
import { openBundle, openReader, openToFile, sealBundle, sealToFile, verify } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const SIZE = 16 * 1_048_576;

/** Notes how each thread is started: from a file, or from a text. */
function watchThreads() {
  const started = { file: 0, text: 0 };
  const { Worker } = worker;
  worker.Worker = class extends Worker {
    constructor(from, options) {
      super(from, options);
      started[options?.eval ? 'text' : 'file']++;
    }
  };
  return started;
}

function same(bytes, expected, what) {
  if (Buffer.compare(bytes, expected) !== 0) throw new Error(`${what} gives other bytes`);
}

/** What core loads only for a directory. */
async function workOnDirectory(directory, bytes, options) {
  const [model, sealed, opened] = ['model', 'model.sealed', 'model.opened'].map((name) =>
    join(directory, name),
  );
  await mkdir(model);
  await writeFile(join(model, 'weights'), bytes);
  await writeFile(join(model, 'config.json'), '{}');
  await sealBundle(model, sealed, options);
  const bundle = await openBundle(sealed, options);
  await bundle.openTo(opened);
  await bundle.close();
  same(await readFile(join(opened, 'weights')), bytes, 'openTo');
  const loaded = await load(sealed, options);
  same(await readFile(join(loaded.path, 'weights')), bytes, 'load of a directory');
  await loaded.dispose();
}

/** @returns what it did, for one line of JSON */
export async function work() {
  const threads = watchThreads();
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-bundle-'));
  try {
    const [plain, sealed, opened, key] = ['plain', 'sealed', 'opened', 'key'].map((name) =>
      join(directory, name),
    );
    const bytes = randomBytes(SIZE);
    await writeFile(plain, bytes);
    await generateKeyFile(key);
    const options = { keys: [createLocalKey({ path: key })], context: { model: 'bundled' } };
    await sealToFile(plain, sealed, options);
    const { digestVerified } = await verify(sealed, options);
    if (!digestVerified) throw new Error('verify has not compared the digest');
    await openToFile(sealed, opened, options);
    same(await readFile(opened), bytes, 'openToFile');
    const reader = await openReader(sealed, options);
    same(await reader.read(5, SIZE - 10), bytes.subarray(5, SIZE - 5), 'openReader');
    await reader[Symbol.asyncDispose]();
    const model = await load(sealed, options);
    same(await readFile(model.path), bytes, 'load');
    await model.dispose();
    await workOnDirectory(directory, bytes, options);
    return { done: true, threads };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The line that .ci/bundlers.mjs reads. */
export async function report() {
  try {
    return JSON.stringify(await work());
  } catch (error) {
    return JSON.stringify({
      done: false,
      code: error.code,
      message: error.message,
      cause: String(error.cause?.stack),
    });
  }
}

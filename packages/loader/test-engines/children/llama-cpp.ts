// llama.cpp maps the language model, or reads it into memory of its own, and prints the tokens that follow a prompt. Given a directory it opens the first of the
// files in it that the model is split into, and llama.cpp finds the others by their names.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { withModel } from './given-model.ts';

const TOKENS = 32;

const tokens = await withModel(async ({ path }) => {
  await using llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
  });
  const modelPath = statSync(path).isDirectory() ? join(path, readdirSync(path).sort()[0]!) : path;
  await using model = await llama.loadModel({ modelPath, useMmap: argv[2] !== 'read' });
  await using context = await model.createContext({ contextSize: 256 });
  const out: number[] = [];
  for await (const token of context.getSequence().evaluate(model.tokenize('weights'), { temperature: 0 })) {
    if (out.push(token) === TOKENS) break;
  }
  return out;
});
console.log(JSON.stringify(tokens));

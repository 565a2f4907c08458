// llama.cpp maps the language model, or reads it into memory of its own, and prints the tokens that follow a prompt.
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
  await using model = await llama.loadModel({ modelPath: path, useMmap: argv[2] !== 'read' });
  await using context = await model.createContext({ contextSize: 256 });
  const out: number[] = [];
  for await (const token of context.getSequence().evaluate(model.tokenize('weights'), { temperature: 0 })) {
    if (out.push(token) === TOKENS) break;
  }
  return out;
});
console.log(JSON.stringify(tokens));

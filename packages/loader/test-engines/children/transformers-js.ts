// transformers.js reads the directory as a hub lays it out, external data and all, and prints the embeddings of sentences.
import { basename, dirname } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { withModel } from './given-model.ts';

const SENTENCES = ['The weights are sealed.', 'Nobody can read the parameters of the model.'];

const embeddings = await withModel(async ({ path }) => {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(path);
  const extract = await pipeline('feature-extraction', basename(path), {
    dtype: 'fp32',
    use_external_data_format: true,
    session_options: { intraOpNumThreads: 1 },
  });
  const out = await extract(SENTENCES, { pooling: 'mean', normalize: true });
  await extract.dispose();
  return out.tolist();
});
console.log(JSON.stringify(embeddings));

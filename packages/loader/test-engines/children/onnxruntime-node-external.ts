// onnxruntime-node reads onnx/model.onnx of the directory, whose weights lie in a file beside it, and prints the last hidden state of a few tokens.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { withModel } from './given-model.ts';

const TOKENS = [101n, 1996n, 15871n, 2024n, 10203n, 102n];

const state = await withModel(async ({ path }) => {
  const session = await InferenceSession.create(join(path, 'onnx/model.onnx'), { intraOpNumThreads: 1 });
  const of = (values: bigint[]) => new Tensor('int64', BigInt64Array.from(values), [1, values.length]);
  const { last_hidden_state: out } = await session.run({
    input_ids: of(TOKENS),
    attention_mask: of(TOKENS.map(() => 1n)),
    token_type_ids: of(TOKENS.map(() => 0n)),
  });
  await session.release();
  return [...(out!.data as Float32Array)];
});
console.log(JSON.stringify(state));

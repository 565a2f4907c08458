// The engine of one version, in a thread of its own: onnxruntime-node loads and computes in the thread that calls it, and the
// server's has requests to answer meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Answer, Question } from './engine.ts';

const session = await InferenceSession.create(workerData as string);

async function scoresOf(pixels: Float32Array): Promise<Float32Array | undefined> {
  try {
    const { probabilities } = await session.run({
      pixels: new Tensor('float32', pixels, [1, pixels.length]),
    });
    return probabilities?.data instanceof Float32Array ? probabilities.data : undefined;
  } catch {
    return undefined;
  }
}

parentPort?.on('message', async (question: Question | 'end') => {
  if (question !== 'end') {
    const answer: Answer = { id: question.id, scores: await scoresOf(question.pixels) };
    parentPort?.postMessage(answer);
    return;
  }
  await session.release();
  parentPort?.close();
});
parentPort?.postMessage('ready');

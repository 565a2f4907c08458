import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Pixels in one sample: an 8x8 image, row by row, each from 0 (blank) to 16 (ink). */
const PIXELS = 64;

/**
 * Runs the digits model on `samples`, from the model's bytes or from the path of its file.
 * The result holds ten probabilities per sample, one for each digit: sample `i` has `[i * 10, i * 10 + 10)`.
 */
export async function classify(
  model: Uint8Array | string,
  samples: readonly (readonly number[])[],
): Promise<Float32Array> {
  const pixels = new Float32Array(samples.length * PIXELS);
  samples.forEach((sample, i) => {
    if (sample.length !== PIXELS) {
      throw new RangeError(`Sample ${i} has ${sample.length} pixels; the model takes ${PIXELS}.`);
    }
    pixels.set(sample, i * PIXELS);
  });

  // Two calls, because create() is overloaded: one signature takes a path, another takes bytes.
  const session =
    typeof model === 'string' ? await InferenceSession.create(model) : await InferenceSession.create(model);
  try {
    const input = new Tensor('float32', pixels, [samples.length, PIXELS]);
    const { probabilities } = await session.run({ pixels: input });
    if (!(probabilities?.data instanceof Float32Array)) {
      throw new TypeError('The model has no float32 output named "probabilities".');
    }
    return probabilities.data;
  } finally {
    await session.release();
  }
}
